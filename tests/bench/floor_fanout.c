/* floor_fanout.c - see floor_fanout.h. */
#include "tests/bench/floor_fanout.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/bench_ws.h"

enum { TABLE_SIZE = 1 << 16, STREAMS_MAX = TABLE_SIZE / 2 };

struct stream {
    char *name;
    size_t name_len;
    char *envelope; /* {"stream":"<name>","data": */
    size_t envelope_len;
    unsigned *sets;
    size_t n_sets;
};

struct set {
    unsigned *streams; /* ascending, none twice */
    size_t n_streams;
    int *clients;
    size_t n_clients, clients_cap;
    uint8_t *batch;
    size_t batch_len, batch_cap;
};

struct fanout {
    wanted_fn *wanted;
    send_fn *send;
    void *ctx;
    struct stream *streams;
    unsigned n_streams;
    unsigned table[TABLE_SIZE]; /* stream number + 1 by hash of the name; 0: free */
    struct set *sets;
    unsigned n_sets;
    unsigned *dirty; /* the sets whose batch is not empty */
    size_t n_dirty;
};

struct fanout *fanout_new(wanted_fn *wanted, send_fn *send, void *ctx)
{
    struct fanout *f = bench_calloc(1, sizeof *f);
    f->wanted = wanted;
    f->send = send;
    f->ctx = ctx;
    return f;
}

void fanout_free(struct fanout **fp)
{
    struct fanout *f = *fp;
    *fp = NULL;
    for (unsigned i = 0; i < f->n_streams; i++) {
        free(f->streams[i].name);
        free(f->streams[i].envelope);
        free(f->streams[i].sets);
    }
    for (unsigned i = 0; i < f->n_sets; i++) {
        free(f->sets[i].streams);
        free(f->sets[i].clients);
        free(f->sets[i].batch);
    }
    free(f->streams);
    free(f->sets);
    free(f->dirty);
    free(f);
}

/* The place of the name in the table: where it is, or where it would be put (FNV-1a). */
static unsigned *find_slot(struct fanout *f, const char *name, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619u;
    for (;; hash++) {
        unsigned *slot = &f->table[hash % TABLE_SIZE];
        if (*slot == 0)
            return slot;
        struct stream *s = &f->streams[*slot - 1];
        if (s->name_len == len && memcmp(s->name, name, len) == 0)
            return slot;
    }
}

unsigned fanout_stream(struct fanout *f, const char *name, size_t len)
{
    unsigned *slot = find_slot(f, name, len);
    if (*slot)
        return *slot - 1;
    if (f->n_streams == STREAMS_MAX)
        bench_die("more than %d streams", STREAMS_MAX);
    f->streams = bench_realloc(f->streams, (f->n_streams + 1) * sizeof *f->streams);
    struct stream *s = &f->streams[f->n_streams];
    *s = (struct stream){.name = strndup(name, len), .name_len = len};
    int n = asprintf(&s->envelope, "{\"stream\":\"%s\",\"data\":", s->name);
    if (!s->name || n < 0)
        bench_die("out of memory");
    s->envelope_len = (size_t)n;
    *slot = ++f->n_streams;
    f->wanted(f->ctx, name, len);
    return *slot - 1;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static unsigned find_or_make_set(struct fanout *f, const unsigned *streams, size_t n)
{
    for (unsigned i = 0; i < f->n_sets; i++)
        if (f->sets[i].n_streams == n &&
            memcmp(f->sets[i].streams, streams, n * sizeof *streams) == 0)
            return i;
    unsigned made = f->n_sets++;
    f->sets = bench_realloc(f->sets, f->n_sets * sizeof *f->sets);
    f->dirty = bench_realloc(f->dirty, f->n_sets * sizeof *f->dirty);
    struct set *set = &f->sets[made];
    *set = (struct set){.n_streams = n, .streams = bench_calloc(n + 1, sizeof *streams)};
    memcpy(set->streams, streams, n * sizeof *streams);
    for (size_t i = 0; i < n; i++) {
        struct stream *s = &f->streams[streams[i]];
        s->sets = bench_realloc(s->sets, (s->n_sets + 1) * sizeof *s->sets);
        s->sets[s->n_sets++] = made;
    }
    return made;
}

void fanout_leave(struct fanout *f, struct membership *members, int client)
{
    struct membership *m = &members[client];
    if (m->set == FANOUT_NO_SET)
        return;
    struct set *set = &f->sets[m->set];
    int last = set->clients[--set->n_clients];
    set->clients[m->place] = last;
    members[last].place = m->place;
    m->set = FANOUT_NO_SET;
}

/* Both lists in one, ascending, none twice; out has room for all. Returns how many. */
static size_t unite(unsigned *out, const unsigned *a, size_t n_a, const unsigned *b, size_t n_b)
{
    size_t kept = 0;
    memcpy(out, a, n_a * sizeof *out);
    if (n_b)
        memcpy(out + n_a, b, n_b * sizeof *out);
    qsort(out, n_a + n_b, sizeof *out, by_number);
    for (size_t i = 0; i < n_a + n_b; i++)
        if (kept == 0 || out[kept - 1] != out[i])
            out[kept++] = out[i];
    return kept;
}

static void add_member(struct set *set, struct membership *m, int client)
{
    if (set->n_clients == set->clients_cap) {
        set->clients_cap = set->clients_cap * 2 + 16;
        set->clients = bench_realloc(set->clients, set->clients_cap * sizeof *set->clients);
    }
    m->place = set->n_clients;
    set->clients[set->n_clients++] = client;
}

void fanout_join(struct fanout *f, struct membership *members, int client, const unsigned *streams,
                 size_t n)
{
    struct membership *m = &members[client];
    struct set *old = m->set == FANOUT_NO_SET ? NULL : &f->sets[m->set];
    size_t n_old = old ? old->n_streams : 0;
    unsigned *all = bench_calloc(n + n_old + 1, sizeof *all);
    size_t n_all = unite(all, streams, n, old ? old->streams : NULL, n_old);

    fanout_leave(f, members, client);
    m->set = (int)find_or_make_set(f, all, n_all);
    add_member(&f->sets[m->set], m, client);
    free(all);
}

/* Room at the end of the set's batch, which is on the dirty list from then on. The buffer stays
 * at its largest, so nothing is allocated per message. */
static uint8_t *batch_room(struct fanout *f, unsigned number, size_t len)
{
    struct set *set = &f->sets[number];
    if (set->batch_len == 0)
        f->dirty[f->n_dirty++] = number;
    if (set->batch_cap - set->batch_len < len) {
        set->batch_cap = (set->batch_len + len) * 2;
        set->batch = bench_realloc(set->batch, set->batch_cap);
    }
    uint8_t *room = set->batch + set->batch_len;
    set->batch_len += len;
    return room;
}

static void write_frame(uint8_t *at, const uint8_t *header, size_t header_len,
                        const struct stream *s, const char *data, size_t len)
{
    memcpy(at, header, header_len);
    at += header_len;
    memcpy(at, s->envelope, s->envelope_len);
    at += s->envelope_len;
    memcpy(at, data, len);
    at[len] = '}';
}

void fanout_message(struct fanout *f, const char *stream, size_t stream_len, const char *data,
                    size_t len)
{
    unsigned slot = *find_slot(f, stream, stream_len);
    if (slot == 0)
        return;
    const struct stream *s = &f->streams[slot - 1];
    uint8_t header[WS_HEADER_MAX], *framed = NULL;
    size_t payload = s->envelope_len + len + 1;
    size_t header_len = ws_write_header(header, WS_TEXT, payload);
    for (size_t i = 0; i < s->n_sets; i++) {
        if (f->sets[s->sets[i]].n_clients == 0)
            continue;
        uint8_t *room = batch_room(f, s->sets[i], header_len + payload);
        if (framed)
            memcpy(room, framed, header_len + payload);
        else
            write_frame(framed = room, header, header_len, s, data, len);
    }
}

void fanout_flush(struct fanout *f)
{
    for (size_t i = 0; i < f->n_dirty; i++) {
        struct set *set = &f->sets[f->dirty[i]];
        for (size_t j = 0; j < set->n_clients; j++)
            f->send(f->ctx, set->clients[j], set->batch, set->batch_len);
        set->batch_len = 0;
    }
    f->n_dirty = 0;
}
