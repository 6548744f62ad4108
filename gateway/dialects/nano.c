/* nano.c - the dialect of the Nano node's WebSocket server: requests and acknowledgements.
 *
 *   > {"action":"subscribe","topic":"confirmation","ack":true,"id":"7"}
 *   < {"ack":"subscribe","time":"1564935350664","id":"7"}
 *   < {"topic":"confirmation","time":"1564935350664","message":{…}}
 *   > {"action":"ping"}
 *   < {"ack":"pong","time":"1564935350700"}
 *
 * Its document: "All WebSocket actions can optionally request an acknowledgement." Nothing else is
 * ever answered: what can't be done gets no acknowledgement. A connection has one subscription to a
 * topic; a second one replaces it. A message that is no JSON ends the connection without a close
 * frame, as at the node.
 *
 * Profiles: nano_options.c says what empty options are, nano_event.c which votes come by default
 * and how events are written.
 *
 * Limits. Accounts and representatives beyond nano-max-accounts are passed over, like those that
 * are no accounts; a topic beyond max-subscriptions is not subscribed, and not acknowledged. Both
 * are counted as bad requests. A message may have 1 MiB: the node takes 16, but an account takes 68
 * bytes, so that is room for 15,000 of them, and further ones can be added by updates.
 */
#include "gateway/dialects/nano_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "common/json_pretty.h"
#include "common/log.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"

enum { MESSAGE_MAX = 1 << 20 };

/* Per client: the view of each topic that it has subscribed to. */
struct nano_client {
    struct view *views[NANO_TOPICS];
};

struct request {
    struct json_value root, options;
    enum nano_topic topic;
};

/* ---- answers -------------------------------------------------------------------------------- */

static uint64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Every scalar is a text to the node; an empty one is none, and so is what is no scalar. */
static bool has_id(struct json_value id)
{
    return id.kind > JSON_NONE && id.kind <= JSON_STRING &&
           !(id.kind == JSON_STRING && id.len == 2);
}

static void put_id(struct text *t, struct json_value id, enum profile profile)
{
    if (profile == PROFILE_NODE)
        json_pretty_at(t, id, JSON_STRICT, JSON_PRETTY_BOOST, 1);
    else if (id.kind == JSON_STRING)
        text_add_bytes(t, id.at, id.len);
    else
        text_add(t, "\"%.*s\"", (int)id.len, id.at);
}

static void put_answer(struct text *t, const char *what, struct json_value id, enum profile profile)
{
    bool node = profile == PROFILE_NODE;
    const char *line = node ? "\n    " : "", *space = node ? " " : "";

    text_add(t, "{%s\"ack\":%s\"%s\",%s\"time\":%s\"%" PRIu64 "\"", line, space, what, line, space,
             unix_ms());
    if (has_id(id)) {
        text_add(t, ",%s\"id\":%s", line, space);
        put_id(t, id, profile);
    }
    text_add(t, node ? "\n}\n" : "}");
}

static void answer(struct client *c, struct json_value root, const char *what)
{
    struct text t = {0};

    put_answer(&t, what, json_member(root, "id", JSON_STRICT), (enum profile)c->profile);
    if (t.failed)
        client_close(c, CLOSE_no_memory);
    else
        client_reply(c, &(struct span){t.at, t.len}, 1);
    text_free(&t);
}

static void acknowledge(struct client *c, const struct request *r, const char *action)
{
    if (nano_bool(json_member(r->root, "ack", JSON_STRICT), false))
        answer(c, r->root, action);
}

/* ---- subscriptions -------------------------------------------------------------------------- */

static struct view **place_of(struct client *c, enum nano_topic topic)
{
    struct nano_client *n = c->dialect_state;

    return &n->views[topic];
}

static void leave(struct client *c, struct view *view)
{
    client_leave(c, &nano_view, view->key, view->key_len);
}

/* The view of that key takes the place of the one before, which is left last: a stream of both has
 * a listener all the time, and so nothing is missed. */
static int move(struct client *c, struct nano_options *o, const char *key, size_t len)
{
    struct view **place = place_of(c, (enum nano_topic)o->topic), *before = *place;
    struct nano_request how = {
        .nano = c->host->shared[SHARED_NANO], .options = o, .before = before};

    c->n_memberships -= before != NULL; /* for the limit: one comes, one goes */
    int err = client_join(c, &nano_view, key, len, &how);
    c->n_memberships += before != NULL;
    if (err)
        return err == -EEXIST ? 0 : err; /* the very view it has */
    *place = views_member(c->host->views, &nano_view, key, len, c)->view;
    if (before)
        leave(c, before);
    return 0;
}

static int see(struct client *c, struct nano_options *o)
{
    struct nano *nano = c->host->shared[SHARED_NANO];
    struct text key = {0};

    nano_options_key(o, ++nano->own_views, &key);
    int err = key.failed ? -ENOMEM : move(c, o, key.at, key.len);
    text_free(&key);
    return err;
}

/* What reading or updating the options came to. true: done. */
static bool is_done(struct client *c, int err, size_t ignored)
{
    c->host->counters->bad_requests += ignored;
    if (err == -ENOMEM)
        client_close(c, CLOSE_no_memory);
    return !err;
}

static void subscribe(struct client *c, const struct request *r)
{
    struct nano_options o;
    size_t ignored;

    if (r->topic == NANO_ACK) { /* acknowledgements always come */
        c->has_subscribed = true;
        acknowledge(c, r, "subscribe");
        return;
    }
    int err = nano_options_read(&o, r->topic, (enum profile)c->profile, r->options,
                                c->host->settings->nano_max_accounts, &ignored);
    if (!err)
        err = see(c, &o);
    nano_options_fini(&o);
    if (is_done(c, err, ignored))
        acknowledge(c, r, "subscribe");
}

/* Unsubscribing from a topic without a subscription is acknowledged, too. */
static void unsubscribe(struct client *c, const struct request *r)
{
    if (r->topic < NANO_TOPICS) {
        struct view **place = place_of(c, r->topic);
        if (*place)
            leave(c, *place);
        *place = NULL;
    }
    acknowledge(c, r, "unsubscribe");
}

/* "Some subscriptions can be updated": that of confirmations, made with options. Others are left as
 * they are, without an answer. */
static void update(struct client *c, const struct request *r)
{
    struct view *view = r->topic == NANO_CONFIRMATION ? *place_of(c, NANO_CONFIRMATION) : NULL;
    struct nano_options o;
    size_t ignored;

    if (!view || !(nano_view_options(view)->flags & NANO_GIVEN) || r->options.kind == JSON_NONE)
        return;
    int err = nano_options_update(&o, nano_view_options(view), r->options,
                                  c->host->settings->nano_max_accounts, &ignored);
    if (!err)
        err =
            !c->grants && nano_view_can_update(view, &o) ? nano_view_update(view, &o) : see(c, &o);
    nano_options_fini(&o);
    if (is_done(c, err, ignored))
        acknowledge(c, r, "update");
}

/* ---- messages ------------------------------------------------------------------------------- */

static const struct action {
    const char *name;
    void (*act)(struct client *c, const struct request *r);
} actions[] = {
    {"subscribe", subscribe},
    {"unsubscribe", unsubscribe},
    {"update", update},
};

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    struct request r;

    (void)binary; /* the node does not tell the two apart */
    if (json_check(text, len, JSON_BOM, &r.root, NULL) < 0) {
        client_bad_request(c);
        client_close(c, CLOSE_malformed);
        return;
    }
    struct json_value action = json_member(r.root, "action", JSON_STRICT);
    if (nano_text_is(action, "ping")) {
        answer(c, r.root, "pong"); /* asked for or not */
        return;
    }
    r.topic = nano_topic_of(json_member(r.root, "topic", JSON_STRICT));
    r.options = json_member(r.root, "options", JSON_STRICT);
    for (size_t i = 0; i < sizeof actions / sizeof *actions && r.topic != NANO_NO_TOPIC; i++)
        if (nano_text_is(action, actions[i].name)) {
            actions[i].act(c, &r);
            return;
        }
    client_bad_request(c);
}

/* ---- life ----------------------------------------------------------------------------------- */

static int open_client(struct client *c, const char *path, const char *query)
{
    (void)path, (void)query;
    c->dialect_state = calloc(1, sizeof(struct nano_client));
    return c->dialect_state ? 0 : -ENOMEM;
}

static void closed(struct client *c)
{
    free(c->dialect_state);
    c->dialect_state = NULL;
}

static void drain(struct client *c)
{
    client_close_saying(c, CLOSE_drain, 1000, "Shutting down");
}

static int start(struct client_host *host)
{
    struct nano *nano = calloc(1, sizeof *nano);

    if (!nano || table_init(&nano->hashes) < 0) {
        free(nano);
        log_error("nano: out of memory");
        return -ENOMEM;
    }
    host->shared[SHARED_NANO] = nano;
    return 0;
}

static void stop(struct client_host *host)
{
    struct nano *nano = host->shared[SHARED_NANO];

    if (!nano)
        return;
    nano_events_fini(&nano->events);
    table_fini(&nano->hashes);
    free(nano);
    host->shared[SHARED_NANO] = NULL;
}

/* The node sends no pings and ends nobody for being silent. */
const struct dialect dialect_nano = {
    .name = "nano",
    .share = SHARED_NANO,
    .start = start,
    .stop = stop,
    .open = open_client,
    .message = message,
    .drain = drain,
    .closed = closed,
    .ping_ms = DIALECT_NEVER,
    .pong_ms = DIALECT_NEVER,
    .max_message = MESSAGE_MAX,
};
