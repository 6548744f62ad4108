/* backlog.c - see backlog.h. */
#include "publisher/backlog.h"

#include <assert.h>
#include <stdlib.h>

struct backlog_chunk {
    struct backlog_chunk *next;
    size_t cap, end;
    _Alignas(8) char bytes[];
};

struct entry {
    uint64_t len;
    char bytes[];
};

_Static_assert(sizeof(struct entry) == BACKLOG_ENTRY_EXTRA, "the limit counts it");

static size_t taken(size_t len)
{
    return sizeof(struct entry) + ((len + 7) & ~(size_t)7);
}

void backlog_init(struct backlog *b, size_t limit)
{
    *b = (struct backlog){.limit = limit};
}

void backlog_fini(struct backlog *b)
{
    for (struct backlog_chunk *chunk = b->first, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(b->spare);
    *b = (struct backlog){.limit = b->limit};
}

static struct entry *entry_at(struct backlog_place place)
{
    return (struct entry *)(void *)(place.chunk->bytes + place.at);
}

/* A place at the end of a chunk is the beginning of the next, once there is one. */
static struct backlog_place settled(struct backlog_place place)
{
    if (place.chunk && place.at == place.chunk->end && place.chunk->next)
        return (struct backlog_place){place.chunk->next, 0};
    return place;
}

static struct backlog_place after(struct backlog_place place)
{
    place.at += taken(entry_at(place)->len);
    return settled(place);
}

static struct backlog_chunk *new_chunk(struct backlog *b, size_t size)
{
    size_t cap = size > BACKLOG_CHUNK / 4 ? size : BACKLOG_CHUNK;
    struct backlog_chunk *chunk = cap == BACKLOG_CHUNK ? b->spare : NULL;

    if (chunk)
        b->spare = NULL;
    else if (!(chunk = malloc(sizeof *chunk + cap)))
        return NULL;
    chunk->next = NULL;
    chunk->cap = cap;
    chunk->end = 0;
    return chunk;
}

static void free_chunk(struct backlog *b, struct backlog_chunk *chunk)
{
    if (chunk->cap == BACKLOG_CHUNK && !b->spare)
        b->spare = chunk;
    else
        free(chunk);
}

static bool make_room(struct backlog *b, size_t size)
{
    if (b->last && b->last->cap - b->last->end >= size)
        return true;
    struct backlog_chunk *chunk = new_chunk(b, size);
    if (!chunk)
        return false;
    if (b->last) {
        b->last->next = chunk;
    } else {
        b->first = chunk;
        b->oldest = b->unsent = (struct backlog_place){chunk, 0};
    }
    b->last = chunk;
    b->oldest = settled(b->oldest);
    b->unsent = settled(b->unsent);
    return true;
}

/* Chunks that hold nothing any more go; an empty backlog has none. */
static void free_passed(struct backlog *b)
{
    while (b->first && (b->n == 0 || b->first != b->oldest.chunk)) {
        struct backlog_chunk *chunk = b->first;
        b->first = chunk->next;
        free_chunk(b, chunk);
    }
    if (!b->first) {
        b->last = NULL;
        b->oldest = b->unsent = (struct backlog_place){0};
    }
}

static void remove_oldest(struct backlog *b)
{
    assert(b->n > 0);
    size_t size = taken(entry_at(b->oldest)->len);
    b->bytes -= size;
    b->oldest = after(b->oldest);
    b->n--;
    if (b->n_sent > 0) {
        b->n_sent--;
        b->bytes_sent -= size;
    } else {
        b->unsent = b->oldest; /* I1: the oldest was the next to be sent */
    }
    free_passed(b);
}

static void drop_oldest(struct backlog *b)
{
    if (b->n_sent > 0)
        b->ghosts++;
    b->dropped++;
    remove_oldest(b);
}

void *backlog_add(struct backlog *b, size_t len)
{
    size_t size = taken(len);

    b->added++;
    if (len > b->limit || size > b->limit) {
        b->dropped++;
        return NULL;
    }
    while (b->bytes + size > b->limit)
        drop_oldest(b);
    if (!make_room(b, size)) {
        b->dropped++;
        return NULL;
    }
    struct entry *entry = entry_at((struct backlog_place){b->last, b->last->end});
    entry->len = len;
    b->last->end += size;
    b->bytes += size;
    b->n++;
    return entry->bytes;
}

void backlog_lose(struct backlog *b)
{
    b->added++;
    b->dropped++;
}

const void *backlog_next(const struct backlog *b, size_t *len)
{
    if (b->n_sent == b->n)
        return NULL;
    const struct entry *entry = entry_at(b->unsent);
    *len = entry->len;
    return entry->bytes;
}

void backlog_sent(struct backlog *b)
{
    assert(b->n_sent < b->n);
    b->bytes_sent += taken(entry_at(b->unsent)->len);
    b->unsent = after(b->unsent);
    b->n_sent++;
}

bool backlog_ack(struct backlog *b)
{
    if (b->ghosts > 0) {
        b->ghosts--; /* given up too early: it did arrive */
        b->dropped--;
    } else if (b->n_sent > 0) {
        remove_oldest(b);
    } else {
        return false;
    }
    b->acked++;
    return true;
}

void backlog_rewind(struct backlog *b)
{
    b->unsent = b->oldest;
    b->n_sent = b->bytes_sent = 0;
    b->ghosts = 0;
}

size_t backlog_awaited(const struct backlog *b)
{
    return b->n_sent + b->ghosts;
}
