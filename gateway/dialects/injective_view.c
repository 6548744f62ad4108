/* injective_view.c - the blocks that all subscriptions with one filter see.
 *
 *   part of a block --[check]--> blocks.h --end of the block--> injective_update.c --> members
 *
 * A block that cannot be whole ends the subscription with the protocol's "stream error".
 */
#include "gateway/dialects/injective_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/injective_rpc.h"
#include "gateway/gateway_settings.h"

static struct injective_view_state *state_of(struct view *view)
{
    return view->state;
}

/* ---- what it listens to ---------------------------------------------------------------------- */

/* The place of the value's stream comes into told[], a second time if the value is named twice. */
static int listen_to(struct view *view, struct hub *hub, size_t type, const char *name, size_t len)
{
    struct injective_view_state *s = state_of(view);
    int err = hub_listen(hub, &view->listener, name, len);
    uint32_t at = (uint32_t)s->n_places;

    if (err && err != -EEXIST)
        return err;
    const struct stream *stream = hub_find(hub, name, len);
    if (err) /* it is one of this type's */
        for (at = s->first_place[type]; s->places[at] != stream;)
            at++;
    else
        s->places[s->n_places++] = stream;
    s->told[s->n_told++] = at;
    return 0;
}

static int listen_to_type(struct view *view, struct hub *hub, size_t number)
{
    const struct injective_type *type = &injective_types[number];
    const struct filter_type *wanted = &state_of(view)->filter->types[number];
    const struct filter_list *list = &wanted->lists[wanted->listen];
    char name[STREAM_NAME_MAX + 1];
    int err = 0;

    if (wanted->match == FILTER_ALL)
        return listen_to(view, hub, number, name, injective_stream(name, type, NULL, NULL, 0));
    for (size_t i = 0; wanted->match == FILTER_LISTED && i < list->n && !err; i++) {
        size_t len = injective_stream(name, type, &type->keys[wanted->listen], list->values[i].at,
                                      list->values[i].len);
        err = listen_to(view, hub, number, name, len);
    }
    return err;
}

static int listen_to_all(struct view *view, struct hub *hub)
{
    struct injective_view_state *s = state_of(view);
    int err = 0;

    for (size_t i = 0; i < INJECTIVE_TYPES && !err; i++) {
        err = listen_to_type(view, hub, i);
        s->first_place[i + 1] = (uint32_t)s->n_places;
        s->first_told[i + 1] = (uint32_t)s->n_told;
    }
    if (!err)
        err = hub_listen(hub, &view->listener, INJECTIVE_BLOCK_STREAM,
                         strlen(INJECTIVE_BLOCK_STREAM));
    if (!err)
        s->block = hub_find(hub, INJECTIVE_BLOCK_STREAM, strlen(INJECTIVE_BLOCK_STREAM));
    return err;
}

static int by_address(const void *a, const void *b, void *ctx)
{
    const struct stream *const *places = ctx;
    uintptr_t x = (uintptr_t)places[*(const uint32_t *)a];
    uintptr_t y = (uintptr_t)places[*(const uint32_t *)b];

    return (x > y) - (x < y);
}

static size_t most_places(const struct filter *f)
{
    size_t n = 0;

    for (size_t i = 0; i < INJECTIVE_TYPES; i++)
        n += f->types[i].match == FILTER_LISTED ? f->types[i].lists[f->types[i].listen].n : 1;
    return n;
}

static int open_view(struct view *view, struct hub *hub, const void *request)
{
    struct injective_view_state *s = state_of(view);
    const struct injective_request *r = request;

    list_init(&s->in_broken);
    s->view = view;
    s->shared = r->shared;
    s->filter = filter_compile(view->key, view->key_len);
    if (!s->filter)
        return -ENOMEM;
    size_t most = most_places(s->filter);
    s->places = calloc(most, sizeof *s->places);
    s->by_stream = calloc(most, sizeof *s->by_stream);
    s->told = calloc(most, sizeof *s->told);
    if (!s->places || !s->by_stream || !s->told)
        return -ENOMEM;
    int err = listen_to_all(view, hub);
    for (uint32_t i = 0; i < s->n_places; i++)
        s->by_stream[i] = i;
    qsort_r(s->by_stream, s->n_places, sizeof *s->by_stream, by_address, s->places);
    return err;
}

static void close_view(struct view *view)
{
    struct injective_view_state *s = state_of(view);

    injective_message_forget(&s->shared->message);
    list_remove(&s->in_broken);
    blocks_fini(&s->blocks);
    free(s->filter);
    free(s->places);
    free(s->by_stream);
    free(s->told);
}

/* The place of a stream that the view listens to. */
static uint32_t place_of(const struct injective_view_state *s, const struct stream *stream)
{
    size_t low = 0, high = s->n_places;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if ((uintptr_t)s->places[s->by_stream[middle]] <= (uintptr_t)stream)
            low = middle;
        else
            high = middle;
    }
    return s->by_stream[low];
}

static size_t type_of(const struct injective_view_state *s, uint32_t place)
{
    size_t type = 0;

    while (place >= s->first_place[type + 1])
        type++;
    return type;
}

/* ---- parts of a block ------------------------------------------------------------------------ */

/* The events that the other list has, too, one behind the other. */
static struct span matching(struct injective_view_state *s, const struct injective_type *type,
                            const struct filter_type *wanted, bool *failed)
{
    struct injective_message *im = &s->shared->message;
    struct text *out = &s->shared->matching;

    if (!wanted->check)
        return im->events;
    *failed = injective_message_index(im, type) < 0;
    out->len = 0;
    for (size_t i = 0; i < im->n_events && !*failed; i++) {
        const struct injective_event *event = &im->index[i];
        if (!filter_list_has(wanted->check, event->values[1 - wanted->listen]))
            continue;
        if (out->len > 0)
            text_add_bytes(out, ",", 1);
        text_add_bytes(out, event->span.at, event->span.len);
    }
    *failed = *failed || out->failed;
    out->failed = false;
    return (struct span){out->at ? out->at : "", out->len};
}

static void take_part(struct view *view, const struct stream *stream, const struct message *m)
{
    struct injective_view_state *s = state_of(view);
    const struct injective_message *im = &s->shared->message;
    uint32_t place = place_of(s, stream);
    size_t type = type_of(s, place);
    bool failed = false;

    if (!injective_message_read(&s->shared->message, stream, m, &injective_types[type])) {
        s->blocks.holed = true;
        return;
    }
    struct span part = matching(s, &injective_types[type], &s->filter->types[type], &failed);
    blocks_part(&s->blocks, m->epoch, im->height, failed || stream->holed || stream->doubtful,
                place, part.at, part.len, s->settings->injective_max_block);
}

/* ---- the end of a block ---------------------------------------------------------------------- */

/* "stream error": what the server says when it lost blocks. Members change only when no message is
 * being passed on (V3), so their subscriptions end a little later. */
static void break_view(struct view *view)
{
    struct injective_view_state *s = state_of(view);

    list_append(&s->shared->broken, &s->in_broken);
    s->broken = true;
    for (uint32_t i = 0; i < view->n_members; i++) {
        const struct injective_subscription *sub = view->members[i].member->own;
        for (; sub; sub = sub->next) {
            struct rpc_id id = {.kind = RPC_ID_NUMBER, .number = sub->id};
            struct text text = {0};
            rpc_error(&text, &id, RPC_STREAM_ERROR, NULL, 0);
            if (text.failed)
                client_close(view->members[i].client, CLOSE_no_memory);
            else
                client_reply(view->members[i].client, &(struct span){text.at, text.len}, 1);
            text_free(&text);
        }
    }
}

static void take_end(struct view *view, const struct stream *stream, const struct message *m)
{
    struct injective_view_state *s = state_of(view);
    const struct injective_message *im = &s->shared->message;

    if (!injective_message_read(&s->shared->message, stream, m, NULL))
        return; /* the next height tells that one is missing */
    bool hole = stream->holed || stream->doubtful || im->missed;
    switch (blocks_end(&s->blocks, m->epoch, im->height, m->time_us, hole,
                       hub_confirmed(&view->listener))) {
    case BLOCKS_SKIP: break;
    case BLOCKS_READY:
        if (injective_update(s) < 0)
            break_view(view);
        blocks_next(&s->blocks);
        break;
    case BLOCKS_GAP:
        break_view(view);
        blocks_next(&s->blocks);
        break;
    }
}

static void message(struct view *view, const struct stream *stream, const struct message *m)
{
    struct injective_view_state *s = state_of(view);
    const struct client_host *host = view->members[0].client->host; /* V1 */
    struct injective_message *im = &s->shared->message;

    if (s->broken)
        return;
    s->settings = host->settings;
    if (stream == s->block)
        take_end(view, stream, m);
    else
        take_part(view, stream, m);
    if (!im->good && !im->counted) {
        im->counted = true;
        host->counters->of_class[stream->class_id].dropped_bad++;
    }
}

const struct view_type injective_view = {
    .comes_along = INJECTIVE_BLOCK_STREAM,
    .name = "injective",
    .state_size = sizeof(struct injective_view_state),
    .open = open_view,
    .message = message,
    .close = close_view,
};

void injective_view_sweep(struct injective_shared *shared)
{
    while (!list_empty(&shared->broken)) {
        struct injective_view_state *s =
            list_first(&shared->broken, struct injective_view_state, in_broken);
        struct member *member = s->view->members[s->view->n_members - 1].member;
        /* The last subscription of the last member takes the view with it, and its place here. */
        injective_end(member_client(member), member->own);
    }
}
