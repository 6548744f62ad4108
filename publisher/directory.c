/* directory.c - see directory.h. */
#include "publisher/directory.h"

#include <stdlib.h>
#include <string.h>

int directory_init(struct directory *d)
{
    return table_init(&d->table);
}

void directory_fini(struct directory *d)
{
    struct table_node *node, *next;

    if (!d->table.slots)
        return;
    for (node = table_next(&d->table, NULL); node; node = next) {
        next = table_next(&d->table, node);
        table_remove(&d->table, node);
        free(table_entry(node, struct directory_entry, node));
    }
    table_fini(&d->table);
}

static struct directory_entry *add(struct directory *d, const struct event *event, uint64_t hash,
                                   uint64_t now_ms)
{
    struct directory_entry *e =
        d->table.n < DIRECTORY_NAMES_MAX ? calloc(1, sizeof *e + event->stream_len) : NULL;

    if (!e)
        return NULL;
    e->part = now_ms / DIRECTORY_PART_MS;
    e->first_ms = now_ms;
    e->len = event->stream_len;
    memcpy(e->name, event->stream, e->len);
    table_insert(&d->table, &e->node, hash);
    return e;
}

static struct directory_entry *find(struct directory *d, const struct event *event, uint64_t now_ms)
{
    uint64_t hash = table_hash(&d->table, event->stream, event->stream_len);

    table_each_match(node, &d->table, hash)
    {
        struct directory_entry *e = table_entry(node, struct directory_entry, node);
        if (e->len == event->stream_len && memcmp(e->name, event->stream, e->len) == 0)
            return e;
    }
    return add(d, event, hash, now_ms);
}

/* Parts that have begun since begin with nothing. A clock that was set back stays in its part. */
static void advance(struct directory_entry *e, uint64_t part)
{
    if (part > e->part + DIRECTORY_PARTS)
        e->part = part - DIRECTORY_PARTS;
    while (e->part < part)
        e->counts[++e->part % DIRECTORY_PARTS] = 0;
}

void directory_note(struct directory *d, const void *source, const struct event *event,
                    uint64_t now_ms)
{
    if (event->history != EVENT_HISTORY_STREAM && !event->keep_last)
        return;
    struct directory_entry *e = find(d, event, now_ms);
    if (!e)
        return;
    advance(e, now_ms / DIRECTORY_PART_MS);
    e->counts[e->part % DIRECTORY_PARTS]++;
    e->source = source;
    e->last_ms = now_ms;
}

/* By source, the busiest first. */
static int by_source(const void *a, const void *b)
{
    const struct directory_entry *x = *(const struct directory_entry *const *)a,
                                 *y = *(const struct directory_entry *const *)b;

    if (x->source != y->source)
        return (uintptr_t)x->source < (uintptr_t)y->source ? -1 : 1;
    return (x->total < y->total) - (x->total > y->total);
}

static void sum(struct directory_entry *e, uint64_t now_ms)
{
    advance(e, now_ms / DIRECTORY_PART_MS);
    e->total = 0;
    for (unsigned i = 0; i < DIRECTORY_PARTS; i++)
        e->total += e->counts[i];
}

static size_t collect(struct directory *d, uint64_t now_ms, const struct directory_entry **list)
{
    struct table_node *node = table_next(&d->table, NULL), *next;
    size_t n = 0;

    for (; node; node = next) {
        struct directory_entry *e = table_entry(node, struct directory_entry, node);
        next = table_next(&d->table, node);
        sum(e, now_ms);
        if (e->total > 0) {
            list[n++] = e;
            continue;
        }
        table_remove(&d->table, node);
        free(e);
    }
    return n;
}

size_t directory_list(struct directory *d, uint64_t now_ms, const struct directory_entry ***list)
{
    const struct directory_entry **all = malloc((d->table.n + 1) * sizeof(*all));
    size_t n = all ? collect(d, now_ms, all) : 0, told = 0, of_source = 0;
    const void *source = NULL;

    if (n > 1)
        qsort(all, n, sizeof(*all), by_source);
    for (size_t i = 0; i < n; i++) {
        of_source = all[i]->source == source ? of_source + 1 : 1;
        source = all[i]->source;
        if (of_source <= DIRECTORY_SOURCE_MAX)
            all[told++] = all[i];
    }
    *list = all;
    return told;
}

double directory_rate(const struct directory_entry *e, uint64_t now_ms)
{
    uint64_t minute = DIRECTORY_PARTS * DIRECTORY_PART_MS;
    uint64_t age = now_ms > e->first_ms ? now_ms - e->first_ms : 0;

    if (age < DIRECTORY_PART_MS)
        age = DIRECTORY_PART_MS; /* a single event is no rate of a thousand a second */
    return e->total * 1000.0 / (double)(age < minute ? age : minute);
}
