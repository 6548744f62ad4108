/* loadgen_tally.c - see loadgen_tally.h. */
#include "tests/bench/loadgen_tally.h"

#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_util.h"

#define NOT_WARM UINT32_MAX

enum { NUMBERS_WITHIN = 160 }; /* bytes at the start of a message in which its numbers stand */

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

/* The number after the key, which must stand near the start; *text moves past it. */
static bool number_after(const char **text, const char *end, const char *key, size_t key_len,
                         uint64_t *number)
{
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

/* {"stream":"s<stream>","data":{"n":<n>,"t":<t>,...}} */
static bool parse(const char *text, size_t len, uint64_t *stream, uint64_t *n, uint64_t *t)
{
    const char *end = text + (len < NUMBERS_WITHIN ? len : NUMBERS_WITHIN);
#define AFTER(key, number) number_after(&text, end, key, sizeof key - 1, number)
    bool ends_well = len > 3 && memcmp(text + len - 3, "\"}}", 3) == 0;
    return AFTER("\"stream\":\"s", stream) && AFTER("\"n\":", n) && AFTER("\"t\":", t) && ends_well;
#undef AFTER
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

bool tally_message(struct tally *t, uint32_t client, const char *text, size_t len, uint64_t now_us)
{
    uint64_t stream, n, sent_us;
    if (!parse(text, len, &stream, &n, &sent_us) || stream >= t->of || n > t->messages) {
        t->bad++;
        return false;
    }
    uint64_t place = (stream + t->of - tally_first_stream(t, client)) % t->of;
    if (place >= t->streams) { /* a stream that this client did not ask for */
        t->bad++;
        return false;
    }
    count(t, &t->last[client * t->streams + place], (uint32_t)n, sent_us, now_us);
    return true;
}
