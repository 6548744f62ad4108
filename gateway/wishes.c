/* wishes.c - see wishes.h. */
#include "gateway/wishes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int wishes_init(struct wishes *w, const char *prefix, uint64_t linger_ms)
{
    *w = (struct wishes){.prefix = prefix, .prefix_len = strlen(prefix), .linger_ms = linger_ms};
    list_init(&w->new);
    list_init(&w->asked);
    list_init(&w->lingering);
    return table_init(&w->table);
}

static void forget(struct wishes *w, struct wish *wish)
{
    table_remove(&w->table, &wish->node);
    list_remove(&wish->at);
    free(wish);
}

static void forget_all(struct wishes *w, struct list *list)
{
    while (!list_empty(list))
        forget(w, list_first(list, struct wish, at));
}

void wishes_fini(struct wishes *w)
{
    forget_all(w, &w->new);
    forget_all(w, &w->asked);
    forget_all(w, &w->lingering);
    table_fini(&w->table);
}

/* Streams and channels differ by the prefix, which is the same for all: the table goes by stream.
 */
static struct wish *find(struct wishes *w, const char *stream, size_t len, uint64_t hash)
{
    table_each_match(node, &w->table, hash)
    {
        struct wish *wish = table_entry(node, struct wish, node);
        if (wish->len == w->prefix_len + len &&
            memcmp(wish->channel + w->prefix_len, stream, len) == 0)
            return wish;
    }
    return NULL;
}

static struct wish *add(struct wishes *w, const char *stream, size_t len, uint64_t hash)
{
    struct wish *wish = calloc(1, sizeof *wish + w->prefix_len + len + 1);

    if (!wish)
        return NULL;
    wish->len = w->prefix_len + len;
    memcpy(wish->channel, w->prefix, w->prefix_len);
    memcpy(wish->channel + w->prefix_len, stream, len);
    list_init(&wish->at);
    table_insert(&w->table, &wish->node, hash);
    return wish;
}

static void move(struct wish *wish, struct list *to)
{
    list_remove(&wish->at);
    list_append(to, &wish->at);
}

int wishes_note(struct wishes *w, const char *stream, size_t len, bool wanted, uint64_t now_ms)
{
    uint64_t hash = table_hash(&w->table, stream, len);
    struct wish *wish = find(w, stream, len, hash);

    if (!wish && !wanted)
        return 0; /* it never could be noted, or Redis was away */
    if (!wish && !(wish = add(w, stream, len, hash)))
        return -ENOMEM;
    wish->wanted = wanted;
    if (wanted) {
        move(wish, wish->asked ? &w->asked : &w->new);
    } else if (wish->asked) {
        wish->until_ms = now_ms + w->linger_ms;
        move(wish, &w->lingering);
    } else {
        forget(w, wish);
    }
    return 0;
}

size_t wishes_subscribe(struct wishes *w, const char *channels[WISHES_BATCH],
                        size_t lens[WISHES_BATCH])
{
    size_t n = 0;

    while (n < WISHES_BATCH && !list_empty(&w->new)) {
        struct wish *wish = list_first(&w->new, struct wish, at);
        wish->asked = true;
        move(wish, &w->asked);
        channels[n] = wish->channel;
        lens[n++] = wish->len;
    }
    return n;
}

size_t wishes_unsubscribe(struct wishes *w, uint64_t now_ms, const char *channels[WISHES_BATCH],
                          size_t lens[WISHES_BATCH])
{
    struct wish *wish;
    size_t n = 0;

    list_each (wish, &w->lingering, at) {
        if (n == WISHES_BATCH || wish->until_ms > now_ms)
            break;
        channels[n] = wish->channel;
        lens[n++] = wish->len;
    }
    return n;
}

void wishes_unsubscribed(struct wishes *w, size_t n)
{
    while (n-- > 0)
        forget(w, list_first(&w->lingering, struct wish, at));
}

void wishes_reset(struct wishes *w)
{
    forget_all(w, &w->lingering);
    while (!list_empty(&w->asked)) {
        struct wish *wish = list_first(&w->asked, struct wish, at);
        wish->asked = wish->confirmed = false;
        move(wish, &w->new);
    }
}

static struct wish *look_up(struct wishes *w, const char *stream, size_t len)
{
    return find(w, stream, len, table_hash(&w->table, stream, len));
}

bool wishes_confirm(struct wishes *w, const char *stream, size_t len)
{
    struct wish *wish = look_up(w, stream, len);

    if (wish)
        wish->confirmed = wish->asked;
    return wish && wish->confirmed && wish->wanted;
}

bool wishes_confirmed(struct wishes *w, const char *stream, size_t len)
{
    struct wish *wish = look_up(w, stream, len);

    return wish && wish->confirmed;
}
