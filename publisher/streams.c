/* streams.c - see streams.h. */
#include "publisher/streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    struct table_node node;
    uint64_t seq;
    size_t len;
    char name[];
};

int streams_init(struct streams *s)
{
    *s = (struct streams){.most = STREAMS_MAX};
    return table_init(&s->table);
}

void streams_clear(struct streams *s)
{
    struct table_node *node = table_next(&s->table, NULL), *next;

    s->ended += s->table.n;
    for (; node; node = next) {
        next = table_next(&s->table, node);
        table_remove(&s->table, node);
        free(table_entry(node, struct stream, node));
    }
}

void streams_fini(struct streams *s)
{
    if (!s->table.slots)
        return;
    streams_clear(s);
    table_fini(&s->table);
}

static struct stream *add(struct streams *s, uint64_t hash, const char *name, size_t len)
{
    struct stream *stream = malloc(sizeof *stream + len);

    if (!stream)
        return NULL;
    stream->seq = 0;
    stream->len = len;
    memcpy(stream->name, name, len);
    table_insert(&s->table, &stream->node, hash);
    return stream;
}

int streams_next(struct streams *s, const char *name, size_t len, bool over, uint64_t *seq)
{
    uint64_t hash = table_hash(&s->table, name, len);
    struct stream *found = NULL;

    table_each_match(node, &s->table, hash)
    {
        struct stream *stream = table_entry(node, struct stream, node);
        if (stream->len == len && memcmp(stream->name, name, len) == 0)
            found = stream;
    }
    if (!found && !over && s->table.n >= s->most)
        return -ENOSPC;
    if (!found && !(found = add(s, hash, name, len)))
        return -ENOMEM;
    *seq = ++found->seq;
    return 0;
}
