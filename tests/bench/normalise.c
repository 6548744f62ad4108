/* normalise.c - what the JSON of a recording costs a publisher, without Redis.
 *
 *   bench-normalise FILE
 *
 * Goes over the lines of the file three times, each doing more than the one before: checking that
 * they are JSON; making events of them; making market data of those. It prints one line:
 *
 *   lines=N events=N check_ns=N normalise_ns=N market_ns=N
 *
 * the nanoseconds of its own CPU time for a line, each with what the passes before it take.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "publisher/event_line.h"
#include "publisher/market_data.h"

struct recording {
    char *bytes;
    size_t len, lines, events;
    struct market_data market;
};

typedef void line_fn(struct recording *r, const char *line, size_t len);

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench-normalise: %s: %s\n", what, why);
    exit(1);
}

static void load(struct recording *r, const char *path)
{
    FILE *f = fopen(path, "re");

    if (!f || fseek(f, 0, SEEK_END) < 0)
        fail(path, strerror(errno));
    r->len = (size_t)ftell(f);
    rewind(f);
    r->bytes = malloc(r->len + 1);
    if (!r->bytes || fread(r->bytes, 1, r->len, f) != r->len)
        fail(path, "cannot be read");
    fclose(f);
}

static void check(struct recording *r, const char *line, size_t len)
{
    struct json_value root;

    (void)r;
    if (json_check(line, len, JSON_STRICT, &root, NULL) < 0)
        fail("a line", "no JSON");
}

static void take_no_market(void *ctx, const struct event *event)
{
    struct recording *r = ctx;

    (void)event;
    r->events++;
}

static void take(void *ctx, const struct event *event)
{
    struct recording *r = ctx;

    r->events++;
    market_data_take(&r->market, event, take_no_market, r);
}

static void make_events(struct recording *r, const char *line, size_t len, event_fn *emit)
{
    static struct event_line read;
    char why[EVENT_LINE_WHY_MAX];

    if (event_line_read(line, len, &read, why) < 0 || event_line_emit(&read, emit, r, why) < 0)
        fail("a line", why);
}

static void normalise(struct recording *r, const char *line, size_t len)
{
    make_events(r, line, len, take_no_market);
}

static void normalise_with_market(struct recording *r, const char *line, size_t len)
{
    make_events(r, line, len, take);
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for a line. */
static double go_over(struct recording *r, line_fn *each)
{
    double begun = cpu_ns();

    r->lines = r->events = 0;
    for (const char *at = r->bytes, *end = at + r->len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
        if (len > 0) {
            each(r, at, len);
            r->lines++;
        }
        at += len + 1;
    }
    return (cpu_ns() - begun) / (double)(r->lines ? r->lines : 1);
}

int main(int argc, char **argv)
{
    const struct market_data_settings settings = {
        .on = true, .levels = 50, .injective_markets = "", .drift_markets = ""};
    char error[MARKET_DATA_ERROR_MAX];
    struct recording r = {0};

    if (argc != 2)
        fail("usage", "bench-normalise FILE");
    if (market_data_init(&r.market, &settings, error) < 0)
        fail("market data", error);
    load(&r, argv[1]);
    go_over(&r, check); /* the first to touch the memory is not measured */
    double check_ns = go_over(&r, check), normalise_ns = go_over(&r, normalise);
    double market_ns = go_over(&r, normalise_with_market);
    printf("lines=%zu events=%zu check_ns=%.0f normalise_ns=%.0f market_ns=%.0f\n", r.lines,
           r.events, check_ns, normalise_ns, market_ns);
    market_data_fini(&r.market);
    free(r.bytes);
    return 0;
}
