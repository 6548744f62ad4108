/* publish.c - publishes numbered messages through one pipelined Redis connection.
 *
 *   stdin "\n" --> ends the warm-up          stdout "warm"  all warm-up messages are in Redis
 *   stdin "\n" --> starts the measurement    stdout {...}   what was published
 *
 * A tick is one message on every stream (publish_exchange.c), one confirmation (publish_nano.c) or
 * one block (publish_injective.c), written to Redis in one piece. Each message carries its
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
#include "tests/bench/publish.h"

enum {
    FLOOD_CHUNK = 64 * 1024, /* written at once when flooding */
    JITTER_MAX_US = 10000,   /* the longest tick of Linux */
    COMMAND_ROOM = 1024,     /* of a message: its command, channel and head */
};

static const struct publish_kind *const kinds[] = {
    &publish_exchange, &publish_nano, &publish_injective, &publish_nchan, &publish_socketio};

static uint64_t unix_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* An HTTP answer is counted by its first line; "HTTP/1.1 4.." and 5.. are mistakes of ours. */
static void count_answers(struct publisher *p, const char *in, size_t n)
{
    static const char begin[] = "HTTP/1.1 ";
    for (size_t i = 0; i < n; i++) {
        if (p->matched == sizeof begin - 1) {
            if (in[i] != '2')
                bench_die("a POST was answered with HTTP/1.1 %.*s", (int)(n - i), in + i);
            p->answered++;
            p->matched = 0;
        }
        p->matched = in[i] == begin[p->matched] ? p->matched + 1 : in[i] == begin[0];
    }
}

/* Redis replies ":<receivers>\r\n"; anything else is a mistake of ours. */
static void read_replies(struct publisher *p, int flags)
{
    char in[16384];
    ssize_t n = recv(p->fd, in, sizeof in, flags);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        bench_die("redis has gone");
    if (p->kind->http && n > 0) {
        count_answers(p, in, (size_t)n);
        return;
    }
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

char *publish_room(struct publisher *p, size_t len)
{
    if (p->cap - p->len < len)
        p->out = bench_realloc(p->out, p->cap = (p->cap + len) * 2);
    return p->out + p->len;
}

void publish_message(struct publisher *p, const char *stream, uint64_t seq, const char *tag,
                     const char *data, size_t len)
{
    char head[160] = "";
    publish_room(p, len + COMMAND_ROOM);
    if (!p->no_head)
        snprintf(head, sizeof head, "%" PRIu64 "-%" PRIu64 " %" PRIu64 "%s%s\n", p->epoch,
                 ++p->seqs[seq], unix_us(), tag ? " " : "", tag ? tag : "");
    p->len += (size_t)snprintf(
        p->out + p->len, COMMAND_ROOM, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s%s\r\n$%zu\r\n%s",
        strlen(p->prefix) + strlen(stream), p->prefix, stream, strlen(head) + len, head);
    memcpy(p->out + p->len, data, len);
    memcpy(p->out + p->len + len, "\r\n", 2);
    p->len += len + 2;
    publish_sent(p);
}

void publish_sent(struct publisher *p)
{
    p->sent++;
    if (p->len >= FLOOD_CHUNK && p->flood)
        flush(p);
}

uint64_t publish_turn(uint64_t event, uint64_t of, uint64_t *round)
{
    static const uint64_t prime = 7919; /* visits all, unless `of` is a multiple of it */
    *round = (event - 1) / of + 1;
    return (event - 1) % of * prime % of;
}

static void tick(struct publisher *p, uint64_t n)
{
    p->kind->tick(p, n);
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
        {.name = "redis",
         .number = &p->redis,
         .max = 65535,
         .help = "port of the Redis, or of nchan"},
        {.name = "prefix", .text = &p->prefix, .help = "of every channel (sluice:)"},
        {.name = "streams",
         .number = &p->streams,
         .max = PUBLISH_STREAMS_MAX,
         .help = "s0, s1, ... (1)"},
        {.name = "rate", .number = &p->rate, .max = 100000, .help = "ticks a second (10)"},
        {.name = "count", .number = &p->count, .max = UINT32_MAX - 1, .help = "ticks in all (0)"},
        {.name = "size",
         .number = &p->size,
         .max = PUBLISH_SIZE_MAX,
         .help = "bytes of JSON (200)"},
        {.name = "flood", .on = &p->flood, .help = "no pace: as fast as Redis takes them"},
        {.name = "warmup", .on = &p->warmup, .help = "first publish n:0 until a line comes"},
        {.name = "warmup-ms", .number = &p->warmup_ms, .max = 60000, .help = "how often (100)"},
        {.name = "wait", .on = &p->wait, .help = "wait for a line before the measurement"},
        {.name = "kind",
         .text = &p->kind_name,
         .help = "exchange (as a rule), nano, injective, nchan, socketio"},
        {.name = "turns", .on = &p->turns, .help = "exchange: a tick is one stream, in turn"},
        {.name = "accounts", .text = &p->accounts_path, .help = "nano: a file"},
        {.name = "strangers", .on = &p->strangers, .help = "nano: events that touch no client"},
        {.name = "no-head", .on = &p->no_head, .help = "JSON alone, as others publish"},
    };
    bench_options(argc, argv, table, sizeof table / sizeof *table);
    if (!p->redis || !p->streams || !p->rate || strlen(p->prefix) > 200)
        bench_die("--redis, and --streams and --rate above 0, are needed");
}

static void set_up(struct publisher *p)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, p->kind_name) == 0)
            p->kind = kinds[i];
    if (!p->kind)
        bench_die("--kind %s: no such kind", p->kind_name);
    if (p->kind == &publish_nano && !p->accounts_path)
        bench_die("--kind nano: --accounts is needed");
    if (p->accounts_path)
        bench_accounts_read(&p->accounts, p->accounts_path);
    if (p->kind == &publish_nano && p->accounts.n < 2)
        bench_die("--accounts %s: at least two are needed", p->accounts_path);
    p->epoch = unix_us() / 1000;
    p->seqs = bench_calloc(p->streams + p->accounts.n + PUBLISH_EXTRA_STREAMS, sizeof *p->seqs);
    p->fd = bench_connect(p->redis);
}

int main(int argc, char **argv)
{
    struct publisher p = {.prefix = "sluice:",
                          .kind_name = "exchange",
                          .streams = 1,
                          .rate = 10,
                          .size = 200,
                          .warmup_ms = 100};
    read_options(&p, argc, argv);
    set_up(&p);
    if (p.warmup)
        warm_up(&p);
    if (p.wait)
        line_came(-1);
    publish(&p);
    close(p.fd);
    bench_accounts_fini(&p.accounts);
    free(p.seqs);
    free(p.out);
    return 0;
}
