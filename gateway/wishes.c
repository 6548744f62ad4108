/* wishes.c - see wishes.h. */
#include "gateway/wishes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

int wishes_init(struct wishes *w, const struct redis_naming *naming, uint64_t linger_ms)
{
    *w = (struct wishes){.naming = naming, .linger_ms = linger_ms};
    list_init(&w->new);
    list_init(&w->asked);
    list_init(&w->heard);
    list_init(&w->refused);
    list_init(&w->lingering);
    return table_init(&w->table);
}

/* ---- one wish -------------------------------------------------------------------------------- */

static const char *stream_of(const struct wish *wish)
{
    return wish->channel + wish->len - wish->stream_len;
}

static void move(struct wish *wish, struct list *to)
{
    list_remove(&wish->at);
    list_append(to, &wish->at);
}

/* What Redis has said of it, or not, is void. */
static void unask(struct wishes *w, struct wish *wish)
{
    if (wish->asked && !wish->confirmed)
        w->awaited--;
    wish->asked = wish->confirmed = false;
}

static void forget(struct wishes *w, struct wish *wish)
{
    unask(w, wish);
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
    forget_all(w, &w->heard);
    forget_all(w, &w->refused);
    forget_all(w, &w->lingering);
    table_fini(&w->table);
}

static struct wish *find(struct wishes *w, const char *stream, size_t len, uint64_t hash)
{
    table_each_match(node, &w->table, hash)
    {
        struct wish *wish = table_entry(node, struct wish, node);
        if (wish->stream_len == len && memcmp(stream_of(wish), stream, len) == 0)
            return wish;
    }
    return NULL;
}

static struct wish *look_up(struct wishes *w, const char *stream, size_t len)
{
    return find(w, stream, len, table_hash(&w->table, stream, len));
}

static struct wish *add(struct wishes *w, const char *stream, size_t len, uint64_t hash)
{
    char channel[REDIS_NAME_MAX + 1];
    size_t channel_len = redis_name(w->naming, REDIS_CHANNEL, stream, len, channel);
    struct wish *wish = calloc(1, sizeof *wish + channel_len + 1);

    if (!wish)
        return NULL;
    wish->len = channel_len;
    wish->stream_len = (uint16_t)len;
    memcpy(wish->channel, channel, channel_len);
    list_init(&wish->at);
    table_insert(&w->table, &wish->node, hash);
    return wish;
}

static struct list *place_of(struct wishes *w, const struct wish *wish)
{
    return wish->confirmed ? &w->heard : wish->asked ? &w->asked : &w->new;
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
        wish->until_ms = now_ms + WISHES_ANSWER_MS;
        move(wish, place_of(w, wish));
    } else if (wish->asked) {
        wish->until_ms = now_ms + w->linger_ms;
        move(wish, &w->lingering);
    } else {
        forget(w, wish);
    }
    return 0;
}

/* ---- what Redis is to be told ---------------------------------------------------------------- */

size_t wishes_subscribe(struct wishes *w, uint64_t now_ms, size_t most,
                        const char *channels[WISHES_BATCH], size_t lens[WISHES_BATCH])
{
    size_t n = 0;

    assert(most <= WISHES_BATCH);
    while (n < most && w->awaited < WISHES_WINDOW && !list_empty(&w->new)) {
        struct wish *wish = list_first(&w->new, struct wish, at);
        wish->asked = true;
        wish->until_ms = now_ms + WISHES_ANSWER_MS;
        w->awaited++;
        move(wish, &w->asked);
        channels[n] = wish->channel;
        lens[n++] = wish->len;
    }
    return n;
}

bool wishes_all_asked(const struct wishes *w)
{
    return list_empty(&w->new);
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

/* ---- what Redis has said --------------------------------------------------------------------- */

bool wishes_confirm(struct wishes *w, const char *stream, size_t len)
{
    struct wish *wish = look_up(w, stream, len);

    if (!wish || !wish->asked)
        return false;
    if (!wish->confirmed)
        w->awaited--;
    wish->confirmed = true;
    if (wish->wanted)
        move(wish, &w->heard);
    return wish->wanted;
}

bool wishes_confirmed(struct wishes *w, const char *stream, size_t len)
{
    struct wish *wish = look_up(w, stream, len);

    return wish && wish->confirmed;
}

bool wishes_refuse(struct wishes *w)
{
    if (list_empty(&w->asked))
        return false;
    struct wish *wish = list_first(&w->asked, struct wish, at);
    unask(w, wish);
    move(wish, &w->refused);
    return true;
}

/* The answer to an UNSUBSCRIBE of our own looks the same: then the wish is gone, or is a new one
 * that has not been confirmed yet. */
bool wishes_void(struct wishes *w, const char *stream, size_t len)
{
    struct wish *wish = look_up(w, stream, len);

    if (!wish || !wish->confirmed)
        return false;
    if (!wish->wanted) {
        forget(w, wish);
        return false;
    }
    unask(w, wish);
    move(wish, &w->refused);
    return true;
}

bool wishes_retry(struct wishes *w, uint64_t now_ms)
{
    bool any = !list_empty(&w->refused);

    while (!list_empty(&w->refused))
        move(list_first(&w->refused, struct wish, at), &w->new);
    while (!list_empty(&w->asked)) {
        struct wish *wish = list_first(&w->asked, struct wish, at);
        if (wish->until_ms > now_ms)
            break;
        unask(w, wish);
        move(wish, &w->new);
        any = true;
    }
    return any;
}

/* ---- the connection is gone, or not the right one -------------------------------------------- */

static void ask_again(struct wishes *w, struct list *list, wishes_stream_fn *lost, void *ctx)
{
    while (!list_empty(list)) {
        struct wish *wish = list_first(list, struct wish, at);
        bool was_confirmed = wish->confirmed;
        unask(w, wish);
        move(wish, &w->new);
        if (was_confirmed)
            lost(ctx, stream_of(wish), wish->stream_len);
    }
}

void wishes_reset(struct wishes *w, wishes_stream_fn *lost, void *ctx)
{
    forget_all(w, &w->lingering);
    ask_again(w, &w->heard, lost, ctx);
    ask_again(w, &w->asked, lost, ctx);
    ask_again(w, &w->refused, lost, ctx);
}

size_t wishes_move(struct wishes *w, wishes_home_fn *home, wishes_stream_fn *lost, void *ctx)
{
    struct table_node *node, *next;
    size_t moved = 0;

    for (node = table_next(&w->table, NULL); node; node = next) {
        next = table_next(&w->table, node);
        struct wish *wish = table_entry(node, struct wish, node);
        struct wishes *to = home(ctx, stream_of(wish), wish->stream_len);
        if (to == w)
            continue;
        if (wish->wanted && wish->confirmed)
            lost(ctx, stream_of(wish), wish->stream_len);
        if (wish->wanted && wishes_note(to, stream_of(wish), wish->stream_len, true, 0) < 0)
            log_error("out of memory: a stream could not be subscribed",
                      LOG_TEXT("stream", stream_of(wish)));
        moved += wish->wanted;
        forget(w, wish);
    }
    return moved;
}
