/* zilliqa_view.c - one distinct set of subscriptions: see zilliqa.h.
 *
 * The document: "For every Tx block(epoch), the subscribed content will be sent from server to each
 * client in one message where an array contains all their subscribed topic if updated, which we
 * name notification."
 *
 *   doc    {"type":"notification","values":[…]} with the topics in which something happened; no
 *          notification where nothing did
 *   node   every subscribed topic, without "value" where nothing happened, and so a notification
 *          for every block; written as the server's jsoncpp does
 *
 * Values in the order NewBlock, EventLog, TxnLog, Unsubscribe; addresses in their own order.
 *
 * What is subscribed to between two blocks is told from the next block on, with what was heard
 * since, as the server does. A block that may have lost a part is left out for those who follow
 * addresses; BlockNum tells them. An Unsubscribe entry then waits for the next notification.
 */
#include <errno.h>
#include <string.h>

#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/dialects/zilliqa.h"

enum { BIT_NEW_BLOCK = 1 << ZILLIQA_NEW_BLOCK, KEEP_SCRATCH = 1 << 20 };

/* ---- its key -------------------------------------------------------------------------------- */

void zilliqa_view_key(const struct zilliqa_client *z, enum profile profile, struct text *key)
{
    const char head[3] = {(char)profile, (char)z->topics, (char)z->leaving};

    text_add_bytes(key, head, sizeof head);
    for (int topic = ZILLIQA_EVENT_LOG; topic < ZILLIQA_TOPICS; topic++) {
        const struct zilliqa_addresses *of = &z->of[topic];
        if (!(z->topics & 1 << topic))
            continue;
        text_add_bytes(key, (const char *)&of->n, sizeof of->n);
        text_add_bytes(key, (const char *)of->list, of->n * sizeof *of->list);
    }
}

static void read_key(struct zilliqa_view *zv, const char *key)
{
    zv->profile = (enum profile)key[0];
    zv->topics = (uint8_t)key[1];
    zv->leaving = (uint8_t)key[2];
    key += 3;
    for (int topic = ZILLIQA_EVENT_LOG; topic < ZILLIQA_TOPICS; topic++) {
        if (!(zv->topics & 1 << topic))
            continue;
        memcpy(&zv->n[topic], key, sizeof zv->n[topic]);
        key += sizeof zv->n[topic];
        zv->of[topic] = (const struct zilliqa_address *)(const void *)key;
        key += zv->n[topic] * sizeof *zv->of[topic];
    }
}

/* ---- its streams ---------------------------------------------------------------------------- */

static int listen_to(struct view *view, struct hub *hub, enum zilliqa_topic topic,
                     const struct zilliqa_address *address)
{
    char name[ZILLIQA_STREAM_NAME_MAX];

    return hub_listen(hub, &view->listener, name, zilliqa_stream_name(topic, address, name));
}

static int open_view(struct view *view, struct hub *hub, const void *request)
{
    const struct zilliqa_request *r = request;
    struct zilliqa_view *zv = view->state;

    read_key(zv, view->key);
    zv->shared = r->shared;
    zv->view = view;
    list_init(&zv->in_told);
    zv->shared->n_views++;
    /* What the view before has not heard, this one has not heard either. */
    zv->holed = r->before && ((const struct zilliqa_view *)r->before->state)->holed;
    int err = listen_to(view, hub, ZILLIQA_NEW_BLOCK, NULL);
    for (enum zilliqa_topic topic = ZILLIQA_EVENT_LOG; topic < ZILLIQA_TOPICS; topic++)
        for (uint32_t i = 0; !err && i < zv->n[topic]; i++)
            err = listen_to(view, hub, topic, &zv->of[topic][i]);
    return err;
}

static void close_view(struct view *view)
{
    struct zilliqa_view *zv = view->state;

    if (!zv->shared)
        return;
    list_remove(&zv->in_told);
    if (--zv->shared->n_views == 0)
        zilliqa_chain_idle(&zv->shared->chain);
}

/* ---- a notification ------------------------------------------------------------------------- */

struct notification {
    struct zilliqa_view *zv;
    struct text *t;
    bool node, failed;
    unsigned n_values;
};

static void begin_value(struct notification *n, const char *query)
{
    const char *comma = n->n_values++ ? "," : "";

    if (n->node)
        text_add(n->t, "%s\n\t\t{\n\t\t\t\"query\" : \"%s\"", comma, query);
    else
        text_add(n->t, "%s{\"query\":\"%s\"", comma, query);
}

static void end_value(struct notification *n)
{
    text_add(n->t, n->node ? "\n\t\t}" : "}");
}

static void add_new_block(struct notification *n)
{
    const struct text *value = zilliqa_chain_new_block(&n->zv->shared->chain, n->zv->profile);

    begin_value(n, zilliqa_topic_names[ZILLIQA_NEW_BLOCK]);
    text_add(n->t, n->node ? ",\n\t\t\t\"value\" : \n\t\t\t" : ",\"value\":");
    if (value)
        text_add_bytes(n->t, value->at, value->len);
    else
        n->failed = true;
    end_value(n);
}

static void add_logs(struct notification *n, enum zilliqa_topic topic)
{
    struct zilliqa_view *zv = n->zv;
    unsigned n_entries = 0;

    for (uint32_t i = 0; i < zv->n[topic]; i++) {
        const struct text *entry =
            zilliqa_chain_entry(&zv->shared->chain, topic, &zv->of[topic][i], zv->profile);
        if (!entry)
            continue;
        if (n_entries++ == 0) {
            begin_value(n, zilliqa_topic_names[topic]);
            text_add(n->t, n->node ? ",\n\t\t\t\"value\" : \n\t\t\t[" : ",\"value\":[");
        } else {
            text_add(n->t, ",");
        }
        text_add(n->t, n->node ? "\n\t\t\t\t" : "");
        text_add_bytes(n->t, entry->at, entry->len);
    }
    if (n_entries > 0) {
        text_add(n->t, n->node ? "\n\t\t\t]" : "]");
    } else if (n->node) {
        begin_value(n, zilliqa_topic_names[topic]);
    }
    if (n_entries > 0 || n->node)
        end_value(n);
}

static void add_unsubscribed(struct notification *n, uint8_t leaving)
{
    const char *comma = "";

    begin_value(n, "Unsubscribe");
    text_add(n->t, n->node ? ",\n\t\t\t\"value\" : \n\t\t\t[" : ",\"value\":[");
    for (int topic = 0; topic < ZILLIQA_TOPICS; topic++) {
        if (!(leaving & 1 << topic))
            continue;
        text_add(n->t, n->node ? "%s\n\t\t\t\t\"%s\"" : "%s\"%s\"", comma,
                 zilliqa_topic_names[topic]);
        comma = ",";
    }
    text_add(n->t, n->node ? "\n\t\t\t]" : "]");
    end_value(n);
}

static void write_notification(struct notification *n, uint8_t topics, uint8_t leaving)
{
    text_add(n->t, n->node ? "{\n\t\"type\" : \"Notification\",\n\t\"values\" : \n\t["
                           : "{\"type\":\"notification\",\"values\":[");
    if (topics & BIT_NEW_BLOCK)
        add_new_block(n);
    for (enum zilliqa_topic topic = ZILLIQA_EVENT_LOG; topic < ZILLIQA_TOPICS; topic++)
        if (topics & 1 << topic)
            add_logs(n, topic);
    if (leaving)
        add_unsubscribed(n, leaving);
    text_add(n->t, n->node ? "\n\t]\n}" : "]}");
    n->failed = n->failed || n->t->failed;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Is it sure that nothing of this block was missed? */
static bool heard_all(struct zilliqa_view *zv, const struct stream *stream)
{
    bool all = !zv->holed && !stream->doubtful && !zv->shared->chain.overfull;

    zv->holed = false;
    return all;
}

static void notify(struct zilliqa_view *zv, uint8_t topics, uint8_t leaving)
{
    struct text *t = &zv->shared->scratch;
    struct notification n = {.zv = zv, .t = t, .node = zv->profile == PROFILE_NODE};

    t->len = 0;
    write_notification(&n, topics, leaving);
    struct frame *frame =
        !n.failed && n.n_values > 0 ? frame_new(WS_TEXT, &(struct span){t->at, t->len}, 1) : NULL;
    if (t->failed || t->cap > KEEP_SCRATCH)
        text_free(t);
    if (!frame)
        return;
    view_deliver(zv->view, frame);
    frame_unref(&frame);
    if (leaving) {
        zv->told = true;
        list_append(&zv->shared->told, &zv->in_told);
    }
}

/* Members that have been told stay until the turn is over, but see no more of what they left. */
static void take_end(struct zilliqa_view *zv, const struct stream *stream)
{
    uint8_t topics = zv->told ? zv->topics & (uint8_t)~zv->leaving : zv->topics;
    uint8_t leaving = zv->told ? 0 : zv->leaving;

    if (!heard_all(zv, stream) && (topics & ~BIT_NEW_BLOCK))
        zv->shared->host->counters->of_class[stream->class_id].gaps++;
    else if (topics)
        notify(zv, topics, leaving);
}

/* Which topic and address a stream of ours is for. */
static bool read_name(const struct stream *stream, enum zilliqa_topic *topic,
                      struct zilliqa_address *address)
{
    const char *dot = memchr(stream->name + 8, '.', stream->name_len - 8u);

    if (!dot)
        return false;
    *topic = stream->name[8] == 'E' ? ZILLIQA_EVENT_LOG : ZILLIQA_TXN_LOG;
    return zilliqa_address_read(dot + 1, (size_t)(stream->name + stream->name_len - dot - 1),
                                address);
}

static void take_message(struct view *view, const struct stream *stream, const struct message *m)
{
    struct zilliqa_view *zv = view->state;
    struct zilliqa *shared = zv->shared;
    struct zilliqa_address address;
    enum zilliqa_topic topic;

    if (!read_name(stream, &topic, &address)) {
        if (zilliqa_chain_end(&shared->chain, stream, m))
            take_end(zv, stream);
        return;
    }
    zv->holed = zv->holed || stream->holed || stream->doubtful;
    if (!zilliqa_chain_part(&shared->chain, stream, m, topic, &address)) {
        shared->host->counters->of_class[stream->class_id].dropped_bad++;
    }
}

const struct view_type zilliqa_view_type = {.name = "zilliqa",
                                            .asks_itself = true,
                                            .state_size = sizeof(struct zilliqa_view),
                                            .open = open_view,
                                            .message = take_message,
                                            .close = close_view};
