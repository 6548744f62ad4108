/* hub.c - see hub.h for the picture, the ownership and the invariants I1-I3. */
#include "gateway/hub.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct hub {
    struct table streams;
    interest_fn *interest;
    classify_fn *classify;
    void *ctx;
    ended_fn *ended; /* may be NULL */
    void *ended_ctx;
    bool publishing; /* guards I3 */
    uint64_t last_serial;
};

/* One listener's place on one stream: on two lists, so that a message walks the stream's and a
 * departing listener its own; neither searches. */
struct place {
    struct list in_stream, in_listener;
    struct stream *stream;
    struct listener *listener;
};

struct hub *hub_new(interest_fn *interest, classify_fn *classify, void *ctx)
{
    struct hub *hub = calloc(1, sizeof *hub);

    if (!hub || table_init(&hub->streams) < 0) {
        free(hub);
        return NULL;
    }
    hub->interest = interest;
    hub->classify = classify;
    hub->ctx = ctx;
    return hub;
}

void hub_free(struct hub **hubp)
{
    struct hub *hub = *hubp;

    *hubp = NULL;
    if (!hub)
        return;
    assert(hub->streams.n == 0);
    table_fini(&hub->streams);
    free(hub);
}

void hub_on_end(struct hub *hub, ended_fn *ended, void *ctx)
{
    hub->ended = ended;
    hub->ended_ctx = ctx;
}

void listener_init(struct listener *l, deliver_fn *deliver)
{
    *l = (struct listener){.deliver = deliver};
    list_init(&l->places);
}

static struct stream *find(struct hub *hub, const char *name, size_t len, uint64_t hash)
{
    table_each_match(node, &hub->streams, hash)
    {
        struct stream *stream = table_entry(node, struct stream, node);
        if (stream->name_len == len && memcmp(stream->name, name, len) == 0)
            return stream;
    }
    return NULL;
}

struct stream *hub_find(struct hub *hub, const char *name, size_t len)
{
    return find(hub, name, len, table_hash(&hub->streams, name, len));
}

static struct stream *stream_new(struct hub *hub, const char *name, size_t len, uint64_t hash)
{
    assert(len <= UINT16_MAX);
    struct stream *stream = calloc(1, sizeof *stream + len + 1);
    if (!stream)
        return NULL;
    list_init(&stream->places);
    stream->serial = ++hub->last_serial;
    stream->name_len = (uint16_t)len;
    memcpy(stream->name, name, len);
    stream->class_id = (uint16_t)hub->classify(hub->ctx, stream->name, len);
    table_insert(&hub->streams, &stream->node, hash);
    return stream;
}

/* Its place on the stream, NULL where there is none. Walks the shorter of the two lists: a listener
 * may have thousands of streams of its own. */
static struct place *place_of(const struct listener *l, const struct stream *stream)
{
    struct place *place;

    if (stream->n_listeners < l->n_streams) {
        list_each (place, &stream->places, in_stream) {
            if (place->listener == l)
                return place;
        }
        return NULL;
    }
    list_each (place, &l->places, in_listener) {
        if (place->stream == stream)
            return place;
    }
    return NULL;
}

int hub_listen(struct hub *hub, struct listener *l, const char *name, size_t len)
{
    uint64_t hash = table_hash(&hub->streams, name, len);
    struct stream *stream = find(hub, name, len, hash);
    bool first = !stream;

    assert(!hub->publishing); /* I3 */
    if (stream && place_of(l, stream))
        return -EEXIST;
    struct place *place = malloc(sizeof *place);
    if (!place)
        return -ENOMEM;
    if (first && !(stream = stream_new(hub, name, len, hash))) {
        free(place);
        return -ENOMEM;
    }
    *place = (struct place){.stream = stream, .listener = l};
    list_append(&stream->places, &place->in_stream);
    list_append(&l->places, &place->in_listener);
    stream->n_listeners++;
    l->n_streams++;
    if (first) /* last of all: from here nothing can fail and need undoing */
        hub->interest(hub->ctx, stream->name, len, true);
    return 0;
}

static void leave_place(struct hub *hub, struct place *place)
{
    struct stream *stream = place->stream;

    list_remove(&place->in_stream);
    list_remove(&place->in_listener);
    place->listener->n_streams--;
    stream->n_listeners--;
    free(place);
    if (stream->n_listeners > 0)
        return;
    table_remove(&hub->streams, &stream->node);
    hub->interest(hub->ctx, stream->name, stream->name_len, false);
    if (hub->ended)
        hub->ended(hub->ended_ctx, stream);
    free(stream);
}

void hub_unlisten(struct hub *hub, struct listener *l, const char *name, size_t len)
{
    struct stream *stream = hub_find(hub, name, len);
    struct place *place = stream ? place_of(l, stream) : NULL;

    assert(!hub->publishing); /* I3 */
    if (place)
        leave_place(hub, place);
}

void hub_leave(struct hub *hub, struct listener *l)
{
    assert(!hub->publishing); /* I3 */
    while (!list_empty(&l->places))
        leave_place(hub, list_first(&l->places, struct place, in_listener));
}

void hub_publish(struct hub *hub, struct stream *stream, const struct message *m)
{
    struct place *place;

    assert(!hub->publishing); /* I3 */
    hub->publishing = true;
    stream->messages++;
    list_each (place, &stream->places, in_stream) {
        place->listener->deliver(place->listener, stream, m);
    }
    hub->publishing = false;
}

size_t hub_streams(const struct hub *hub)
{
    return hub->streams.n;
}

struct stream *hub_next(const struct hub *hub, const struct stream *pos)
{
    struct table_node *node = table_next(&hub->streams, pos ? &pos->node : NULL);

    return node ? table_entry(node, struct stream, node) : NULL;
}

uint64_t hub_stream_clients(const struct stream *stream)
{
    const struct place *place;
    uint64_t n = 0;

    list_each (place, &stream->places, in_stream) {
        n += place->listener->n_clients;
    }
    return n;
}

void hub_confirm(struct hub *hub, struct stream *stream)
{
    struct place *place;

    assert(!hub->publishing);
    if (stream->confirmed)
        return;
    stream->confirmed = true;
    list_each (place, &stream->places, in_stream) {
        if (place->listener->confirmed)
            place->listener->confirmed(place->listener, stream);
    }
}

void hub_unconfirm(struct hub *hub, struct stream *stream)
{
    (void)hub;
    stream->confirmed = false;
}

const struct stream *hub_first(const struct listener *l)
{
    return list_empty(&l->places) ? NULL
                                  : list_first(&l->places, struct place, in_listener)->stream;
}

bool hub_every(const struct listener *l, stream_test_fn *test, const void *ctx)
{
    const struct place *place;

    list_each (place, &l->places, in_listener) {
        if (!test(ctx, place->stream))
            return false;
    }
    return true;
}

static bool is_confirmed(const void *ctx, const struct stream *stream)
{
    (void)ctx;
    return stream->confirmed;
}

bool hub_confirmed(const struct listener *l)
{
    return hub_every(l, is_confirmed, NULL);
}
