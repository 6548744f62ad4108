/* loadgen_tally.c - see loadgen_tally.h. */
#include "tests/bench/loadgen_tally.h"

#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_util.h"

#define NOT_WARM UINT32_MAX

void tally_init(struct tally *t)
{
    size_t places = t->clients * t->streams;
    t->last = bench_realloc(NULL, (places + 1) * sizeof *t->last);
    memset(t->last, 0xff, places * sizeof *t->last); /* NOT_WARM */
    t->cold = places;
}

void tally_fini(struct tally *t)
{
    free(t->last);
    t->last = NULL;
}

uint64_t tally_first_stream(const struct tally *t, uint32_t client)
{
    return client * t->streams % t->of;
}

bool tally_number_after(const char **text, const char *end, const char *key, uint64_t *number)
{
    size_t key_len = strlen(key);
    const char *at = memmem(*text, (size_t)(end - *text), key, key_len);
    if (!at)
        return false;
    at += key_len;
    const char *start = at;
    for (*number = 0; at < end && *at >= '0' && *at <= '9'; at++)
        *number = *number * 10 + (uint64_t)(*at - '0');
    *text = at;
    return at > start;
}

/* The next number of its stream at a client. */
static void count(struct tally *t, uint32_t *last, uint32_t n, uint64_t sent_us, uint64_t now_us)
{
    if (*last == NOT_WARM) {
        *last = 0;
        t->cold--;
    }
    if (n == 0)
        return;
    if (n <= *last) {
        if (n == *last)
            t->repeated++;
        else
            t->late++;
        return;
    }
    t->skipped += n - *last - 1;
    *last = n;
    if (t->delivered++ == 0)
        t->first_us = sent_us;
    t->last_us = now_us;
    histogram_add(&t->latency, now_us > sent_us ? now_us - sent_us : 0);
}

bool tally_bad(struct tally *t)
{
    t->bad++;
    return false;
}

bool tally_message(struct tally *t, uint32_t client, uint64_t stream, uint64_t n, uint64_t sent_us,
                   size_t len, uint64_t now_us)
{
    if (stream >= t->of || n > t->messages)
        return tally_bad(t);
    uint64_t place = (stream + t->of - tally_first_stream(t, client)) % t->of;
    if (place >= t->streams) /* a stream that this client did not ask for */
        return tally_bad(t);
    if (n > 0)
        t->longest = len > t->longest ? len : t->longest;
    count(t, &t->last[client * t->streams + place], (uint32_t)n, sent_us, now_us);
    return true;
}
