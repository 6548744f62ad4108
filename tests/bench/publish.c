/* publish.c - publishes numbered messages through one pipelined Redis connection.
 *
 *   stdin "\n" --> ends the warm-up          stdout "warm"  all warm-up messages are in Redis
 *   stdin "\n" --> starts the measurement    stdout {...}   what was published
 *
 * A tick is one message on every stream, written to Redis in one piece. Each message carries its
 * number (n) and the time at which it was written (t, CLOCK_MONOTONIC in microseconds).
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench_util.h"

enum {
    SIZE_MAX_BYTES = 1 << 20, /* of one message */
    STREAMS_MAX = 20000,
    FLOOD_CHUNK = 64 * 1024, /* written at once when flooding */
    JITTER_MAX_US = 10000,   /* the longest tick of Linux */
};

struct publisher {
    uint64_t redis, streams, rate, count, size, warmup_ms;
    const char *prefix;
    bool flood, warmup, no_head, wait;

    int fd;
    uint64_t epoch;
    uint64_t *seqs; /* per stream, for the head */
    char *out;      /* commands of one write */
    size_t len, cap;
    uint64_t sent, answered, receivers; /* PUBLISH commands, replies, and the sum of these */
    uint64_t number;                    /* the reply that is being read */
};

static uint64_t unix_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A JSON object of exactly `size` bytes, unless its numbers alone take more. Returns its length. */
static size_t write_payload(const struct publisher *p, char *out, uint64_t n)
{
    size_t len =
        (size_t)sprintf(out, "{\"n\":%" PRIu64 ",\"t\":%" PRIu64 ",\"p\":\"", n, bench_now_us());
    size_t padding = p->size > len + 2 ? p->size - len - 2 : 0;
    memset(out + len, 'x', padding);
    memcpy(out + len + padding, "\"}", 2);
    return len + padding + 2;
}

static void add_message(struct publisher *p, uint64_t stream, uint64_t n)
{
    char head[80] = "", channel[300];
    size_t needed = p->size + 1024;
    if (p->cap - p->len < needed)
        p->out = bench_realloc(p->out, p->cap = (p->cap + needed) * 2);
    if (!p->no_head)
        sprintf(head, "%" PRIu64 "-%" PRIu64 " %" PRIu64 "\n", p->epoch, ++p->seqs[stream],
                unix_us());
    int channel_len = snprintf(channel, sizeof channel, "%ss%" PRIu64, p->prefix, stream);
    char *at = p->out + p->len + 400; /* the payload first: the command states its length */
    size_t len = write_payload(p, at, n);
    size_t before =
        (size_t)sprintf(p->out + p->len, "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%zu\r\n%s",
                        channel_len, channel, strlen(head) + len, head);
    memmove(p->out + p->len + before, at, len);
    p->len += before + len;
    memcpy(p->out + p->len, "\r\n", 2);
    p->len += 2;
    p->sent++;
}

/* Replies are ":<receivers>\r\n"; anything else is a mistake of ours. */
static void read_replies(struct publisher *p, int flags)
{
    char in[16384];
    ssize_t n = recv(p->fd, in, sizeof in, flags);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        bench_die("redis has gone");
    for (ssize_t i = 0; i < n; i++) {
        if (in[i] >= '0' && in[i] <= '9') {
            p->number = p->number * 10 + (uint64_t)(in[i] - '0');
        } else if (in[i] == '\n') {
            p->answered++;
            p->receivers += p->number;
            p->number = 0;
        } else if (in[i] != ':' && in[i] != '\r') {
            bench_die("redis answers: %.*s", (int)(n - i), in + i);
        }
    }
}

/* Write everything, reading replies meanwhile: Redis stops reading when its own are not read. */
static void flush(struct publisher *p)
{
    for (size_t at = 0; at < p->len;) {
        ssize_t n = send(p->fd, p->out + at, p->len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            bench_die("redis has gone: %s", strerror(errno));
        at += n > 0 ? (size_t)n : 0;
        if (at == p->len)
            break;
        struct pollfd wait = {.fd = p->fd, .events = POLLIN | POLLOUT};
        poll(&wait, 1, -1);
        if (wait.revents & POLLIN)
            read_replies(p, MSG_DONTWAIT);
    }
    p->len = 0;
    read_replies(p, MSG_DONTWAIT);
}

static void tick(struct publisher *p, uint64_t n)
{
    for (uint64_t stream = 0; stream < p->streams; stream++) {
        add_message(p, stream, n);
        if (p->len >= FLOOD_CHUNK && p->flood)
            flush(p);
    }
    if (!p->flood)
        flush(p);
}

static void await_replies(struct publisher *p)
{
    flush(p);
    while (p->answered < p->sent)
        read_replies(p, 0);
}

/* True when a line, or the end of the input, came within the time. */
static bool line_came(int timeout_ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char c;
    if (poll(&input, 1, timeout_ms) <= 0)
        return false;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        ;
    return true;
}

static void warm_up(struct publisher *p)
{
    bool flood = p->flood;
    p->flood = false;
    do
        tick(p, 0);
    while (!line_came((int)p->warmup_ms));
    p->flood = flood;
    await_replies(p);
    puts("warm");
    fflush(stdout);
    p->sent = p->answered = p->receivers = 0;
}

/* Up to a quarter of the period, and never more than JITTER_MAX_US, later than the exact time: the
 * kernel samples user and system time by its timer tick, and a pace in step with that tick would
 * always be sampled at the same place. The same i gives the same delay. */
static uint64_t jitter_us(uint64_t i, uint64_t rate)
{
    uint64_t most = 1000000 / rate / 4;
    return (i * 2654435761u % 65536) * (most < JITTER_MAX_US ? most : JITTER_MAX_US) / 65536;
}

static void sleep_until(uint64_t start_us, uint64_t i, uint64_t rate)
{
    uint64_t due = start_us + i * 1000000 / rate + jitter_us(i, rate);
    struct timespec at = {.tv_sec = (time_t)(due / 1000000),
                          .tv_nsec = (long)(due % 1000000 * 1000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

static void publish(struct publisher *p)
{
    uint64_t start = bench_now_us();
    for (uint64_t n = 1; n <= p->count; n++) {
        if (!p->flood)
            sleep_until(start, n - 1, p->rate);
        tick(p, n);
    }
    await_replies(p);
    printf("{\"published\":%" PRIu64 ",\"receivers\":%" PRIu64 ",\"seconds\":%.3f}\n", p->sent,
           p->receivers, (double)(bench_now_us() - start) / 1e6);
}

static void read_options(struct publisher *p, int argc, char **argv)
{
    const struct bench_option table[] = {
        {.name = "redis", .number = &p->redis, .max = 65535, .help = "port of the Redis"},
        {.name = "prefix", .text = &p->prefix, .help = "of every channel (sluice:)"},
        {.name = "streams", .number = &p->streams, .max = STREAMS_MAX, .help = "s0, s1, ... (1)"},
        {.name = "rate", .number = &p->rate, .max = 100000, .help = "ticks a second (10)"},
        {.name = "count", .number = &p->count, .max = UINT32_MAX - 1, .help = "ticks in all (0)"},
        {.name = "size", .number = &p->size, .max = SIZE_MAX_BYTES, .help = "bytes of JSON (200)"},
        {.name = "flood", .on = &p->flood, .help = "no pace: as fast as Redis takes them"},
        {.name = "warmup", .on = &p->warmup, .help = "first publish n:0 until a line comes"},
        {.name = "warmup-ms", .number = &p->warmup_ms, .max = 60000, .help = "how often (100)"},
        {.name = "wait", .on = &p->wait, .help = "wait for a line before the measurement"},
        {.name = "no-head", .on = &p->no_head, .help = "JSON alone, as others publish"},
    };
    bench_options(argc, argv, table, sizeof table / sizeof *table);
    if (!p->redis || !p->streams || !p->rate || strlen(p->prefix) > 200)
        bench_die("--redis, and --streams and --rate above 0, are needed");
}

int main(int argc, char **argv)
{
    struct publisher p = {
        .prefix = "sluice:", .streams = 1, .rate = 10, .size = 200, .warmup_ms = 100};
    read_options(&p, argc, argv);
    p.epoch = unix_us() / 1000;
    p.seqs = bench_calloc(p.streams, sizeof *p.seqs);
    p.fd = bench_connect(p.redis);
    if (p.warmup)
        warm_up(&p);
    if (p.wait)
        line_came(-1);
    publish(&p);
    close(p.fd);
    free(p.seqs);
    free(p.out);
    return 0;
}
