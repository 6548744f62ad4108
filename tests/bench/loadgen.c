/* loadgen.c - thousands of WebSocket clients in one process, which check all that they get.
 *
 *   stdout "connected"  every client has sent its SUBSCRIBE
 *          "ready"      every client has had a warm-up message on each of its streams
 *          "done"       the last message has come, or will not come
 *          {...}        the results; at once where "ready" cannot be reached
 *   stdin  "\n"         the publisher has finished: end when nothing comes any more
 *          end of file  end now
 *
 * A subscription is not acknowledged, so only a message shows that it is in force: whoever
 * publishes repeats the warm-up until "ready".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/loadgen_client.h"
#include "tests/bench/loadgen_dialect.h"
#include "tests/bench/loadgen_tally.h"

enum {
    CLIENTS_MAX = 19000,  /* leaves room below the usual limit of descriptors */
    CONNECTING_MAX = 128, /* at once: a listener's queue may be short */
    CONNECT_LIMIT_US = 120 * 1000000,
    QUIET_US = 1000000, /* without a message, once the publisher has finished */
    LINGER_US = 200000, /* after the last message due: is there one too many? */
    EVENTS_MAX = 512,
    CODES_MAX = 16, /* different close codes that are told apart */
};

static const struct load_dialect *const dialects[] = {&load_exchange, &load_nano, &load_injective,
                                                      &load_nchan, &load_socketio};

struct close_count {
    unsigned code;
    uint64_t n;
};

struct load {
    uint64_t never_read, time_limit_s;
    const char *url, *dialect_name, *accounts_path;
    bool spin, idle_hold, tls;

    const struct load_dialect *dialect;
    struct bench_accounts accounts; /* of nano */

    struct tally tally; /* holds the plan */
    struct client_pool pool;
    struct client *clients; /* the readers first, then those that never read */
    uint64_t n_clients, started, opened, refused, closed, deaf_closed;
    struct close_count codes[CODES_MAX];
    uint64_t start_us, end_us; /* end_us: when to stop; 0: not known yet */
    bool connected, ready, done, input_ended, publisher_done;
};

/* ---- what the clients report -------------------------------------------------------------- */

static size_t write_request(void *ctx, struct client *c, char *out, size_t cap)
{
    struct load *l = ctx;
    return l->dialect->request(&l->tally, &l->accounts, c->index, out, cap);
}

static size_t write_path(void *ctx, struct client *c, char *out, size_t cap)
{
    struct load *l = ctx;
    if (l->dialect->path)
        return l->dialect->path(&l->tally, c->index, out, cap);
    return (size_t)snprintf(out, cap, "%s", l->pool.path);
}

static size_t write_answer(void *ctx, struct client *c, const char *text, size_t len, char *out,
                           size_t cap)
{
    struct load *l = ctx;
    return l->dialect->answer ? l->dialect->answer(&l->tally, c->index, text, len, out, cap) : 0;
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void client_opened(void *ctx, struct client *c)
{
    struct load *l = ctx;
    (void)c;
    l->opened++;
}

static bool text_came(void *ctx, struct client *c, const char *text, size_t len, uint64_t now_us)
{
    struct load *l = ctx;
    return l->dialect->text(&l->tally, &l->accounts, c->index, text, len, now_us);
}

static void client_closed(void *ctx, struct client *c, unsigned code)
{
    struct load *l = ctx;
    if (c->state < CLIENT_OPEN) {
        l->refused++;
        return;
    }
    if (c->never_reads) {
        l->deaf_closed++;
        return;
    }
    l->closed++;
    for (size_t i = 0; i < CODES_MAX; i++) {
        if (l->codes[i].n && l->codes[i].code != code)
            continue;
        l->codes[i] = (struct close_count){.code = code, .n = l->codes[i].n + 1};
        return;
    }
}

/* ---- phases ------------------------------------------------------------------------------- */

static void start_more(struct load *l)
{
    while (l->started < l->n_clients && l->started - l->opened - l->refused < CONNECTING_MAX)
        client_start(&l->pool, &l->clients[l->started++]);
}

static void finish_at(struct load *l, uint64_t at_us)
{
    if (!l->done && l->ready)
        say("done");
    l->done = true;
    if (!l->end_us || at_us < l->end_us)
        l->end_us = at_us;
}

/* Is nothing to be awaited any more? */
static bool is_quiet(const struct load *l, uint64_t now_us)
{
    uint64_t since = l->tally.last_us ? l->tally.last_us : l->start_us;
    return l->publisher_done && now_us > since + QUIET_US;
}

/* Without every client there is nothing to measure. */
static bool is_hopeless(const struct load *l)
{
    return l->connected && (l->refused || (l->closed && !l->ready));
}

static void check_phase(struct load *l, uint64_t now_us)
{
    if (!l->connected) {
        start_more(l);
        l->connected = l->opened + l->refused == l->n_clients;
        if (l->connected)
            say("connected");
        else if (now_us > l->start_us + CONNECT_LIMIT_US)
            finish_at(l, now_us);
    } else if (!l->ready && l->tally.cold == 0) {
        l->ready = true;
        l->start_us = now_us;
        say("ready");
    }
    bool overdue = l->connected && now_us > l->start_us + l->time_limit_s * 1000000;
    if (l->input_ended || overdue || is_hopeless(l))
        finish_at(l, now_us);
    if (l->idle_hold || !l->ready)
        return;
    if (l->tally.delivered && tally_complete(&l->tally))
        finish_at(l, now_us + LINGER_US);
    else if (is_quiet(l, now_us))
        finish_at(l, now_us);
}

/* ---- the loop ----------------------------------------------------------------------------- */

static void read_input(struct load *l)
{
    char line[256];
    ssize_t n = read(STDIN_FILENO, line, sizeof line);
    if (n <= 0 || l->idle_hold)
        l->input_ended = true;
    else
        l->publisher_done = true;
    if (n <= 0)
        epoll_ctl(l->pool.epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

static void run(struct load *l)
{
    struct epoll_event events[EVENTS_MAX];
    l->start_us = bench_now_us();
    for (;;) {
        int n = epoll_wait(l->pool.epoll, events, EVENTS_MAX, l->spin ? 0 : 50);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                client_take_event(&l->pool, events[i].data.ptr, events[i].events);
            else
                read_input(l);
        }
        uint64_t now_us = bench_now_us();
        check_phase(l, now_us);
        if (l->end_us && now_us >= l->end_us)
            return;
    }
}

static void print_results(const struct load *l)
{
    const struct tally *t = &l->tally;
    const struct histogram *h = &t->latency;
    uint64_t expected = tally_expected(t);
    printf("{\"clients\":%" PRIu64 ",\"connected\":%" PRIu64 ",\"refused\":%" PRIu64
           ",\"ready\":%s,\"expected\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"lost\":%" PRIu64,
           l->n_clients, l->opened, l->refused, l->ready ? "true" : "false", expected, t->delivered,
           expected - t->delivered);
    printf(",\"skipped\":%" PRIu64 ",\"repeated\":%" PRIu64 ",\"late\":%" PRIu64 ",\"bad\":%" PRIu64
           ",\"closed\":%" PRIu64 ",\"close_codes\":{",
           t->skipped, t->repeated, t->late, t->bad, l->closed);
    for (size_t i = 0; i < CODES_MAX && l->codes[i].n; i++)
        printf("%s\"%u\":%" PRIu64, i ? "," : "", l->codes[i].code, l->codes[i].n);
    printf("},\"deaf_closed\":%" PRIu64 ",\"pings\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"deflated\":%" PRIu64 ",\"longest\":%zu,\"seconds\":%.4f",
           l->deaf_closed, l->pool.pings, l->pool.bytes, l->pool.deflated, t->longest,
           (double)(t->last_us - t->first_us) / 1e6);
    printf(",\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64 ",\"p999_us\":%" PRIu64
           ",\"highest_us\":%" PRIu64 "}\n",
           histogram_quantile(h, 0.5), histogram_quantile(h, 0.99), histogram_quantile(h, 0.999),
           h->highest);
}

/* HOST:PORT[/PATH], a numeric IPv4 address. */
static void parse_url(struct load *l)
{
    char host[64];
    unsigned port;
    int used = 0;
    if (sscanf(l->url, "%63[0-9.]:%u%n", host, &port, &used) != 2 || port == 0 || port > 65535)
        bench_die("--url %s: expected 127.0.0.1:PORT[/PATH]", l->url);
    l->pool.to = bench_loopback(port);
    if (inet_pton(AF_INET, host, &l->pool.to.sin_addr) != 1)
        bench_die("--url %s: not an IPv4 address", l->url);
    l->pool.host = strndup(l->url, (size_t)used);
    l->pool.path = l->url[used] == '/' ? l->url + used : "/";
}

static void read_options(struct load *l, int argc, char **argv)
{
    struct tally *t = &l->tally;
    const struct bench_option table[] = {
        {.name = "url", .text = &l->url, .help = "127.0.0.1:PORT[/PATH]"},
        {.name = "clients", .number = &t->clients, .max = CLIENTS_MAX, .help = "readers (1)"},
        {.name = "streams", .number = &t->streams, .max = 20000, .help = "of a client (1)"},
        {.name = "of", .number = &t->of, .max = 200000, .help = "how many in all (the same ones)"},
        {.name = "messages",
         .number = &t->messages,
         .max = UINT32_MAX - 1,
         .help = "expected on each stream"},
        {.name = "never-read",
         .number = &l->never_read,
         .max = CLIENTS_MAX,
         .help = "more clients, which never read"},
        {.name = "time-limit",
         .number = &l->time_limit_s,
         .max = 86400,
         .help = "seconds for the warm-up, and for the rest (60)"},
        {.name = "dialect",
         .text = &l->dialect_name,
         .help = "exchange, nano, injective, nchan, socketio"},
        {.name = "accounts", .text = &l->accounts_path, .help = "nano: a file"},
        {.name = "spin", .on = &l->spin, .help = "poll without ever sleeping"},
        {.name = "tls", .on = &l->tls, .help = "over TLS, whatever the certificate"},
        {.name = "deflate", .on = &l->pool.deflate, .help = "insist on permessage-deflate"},
        {.name = "idle-hold", .on = &l->idle_hold, .help = "connect, and wait for a line"},
    };
    bench_options(argc, argv, table, sizeof table / sizeof *table);
    if (!l->url || !t->streams || (t->of && t->of < t->streams))
        bench_die("--url is needed, and --of may not be below --streams");
    if (t->clients + l->never_read == 0 || t->clients + l->never_read > CLIENTS_MAX)
        bench_die("expected 1 to %d clients", CLIENTS_MAX);
    t->of = t->of ? t->of : t->streams;
}

static void choose_dialect(struct load *l)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i]->name, l->dialect_name) == 0)
            l->dialect = dialects[i];
    if (!l->dialect)
        bench_die("--dialect %s: no such dialect", l->dialect_name);
    if (l->accounts_path)
        bench_accounts_read(&l->accounts, l->accounts_path);
    if (l->dialect == &load_nano && l->accounts.n < l->n_clients)
        bench_die("--dialect nano: --accounts with one for each client is needed");
    if ((l->dialect == &load_nano || l->dialect == &load_injective) && l->tally.streams != 1)
        bench_die("--dialect %s: expected --streams 1", l->dialect_name);
}

static void set_up(struct load *l)
{
    static const struct client_events events = {.path = write_path,
                                                .request = write_request,
                                                .answer = write_answer,
                                                .opened = client_opened,
                                                .text = text_came,
                                                .closed = client_closed};
    struct epoll_event input = {.events = EPOLLIN};
    if (bench_raise_fd_limit() < l->n_clients + 16)
        bench_die("the limit of descriptors is too low for %" PRIu64 " clients", l->n_clients);
    l->pool.tls = l->tls ? wire_tls() : NULL;
    l->pool.events = &events;
    l->pool.ctx = l;
    l->pool.in = bench_realloc(NULL, CLIENT_READ_MAX);
    l->pool.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ctl(l->pool.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0 && errno != EPERM)
        bench_die("epoll_ctl: %s", strerror(errno)); /* EPERM: a file, which is no use here */
    l->clients = bench_calloc(l->n_clients, sizeof *l->clients);
    for (uint32_t i = 0; i < l->n_clients; i++)
        l->clients[i] = (struct client){.fd = -1, .index = i, .never_reads = i >= l->tally.clients};
    tally_init(&l->tally);
}

static void tear_down(struct load *l)
{
    for (uint64_t i = 0; i < l->n_clients; i++)
        client_end(&l->clients[i]);
    tally_fini(&l->tally);
    bench_accounts_fini(&l->accounts);
    SSL_CTX_free(l->pool.tls);
    free((char *)l->pool.host);
    free(l->pool.in);
    free(l->clients);
}

int main(int argc, char **argv)
{
    static struct load l = {
        .time_limit_s = 60, .dialect_name = "exchange", .tally = {.clients = 1, .streams = 1}};
    read_options(&l, argc, argv);
    parse_url(&l);
    l.n_clients = l.tally.clients + l.never_read;
    choose_dialect(&l);
    set_up(&l);
    run(&l);
    print_results(&l);
    tear_down(&l);
    return 0;
}
