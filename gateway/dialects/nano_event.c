/* nano_event.c - see nano_event.h.
 *
 * Profiles. The document shows events as JSON; `doc` writes them on one line. `node` writes them as
 * the node's property tree does: see json_pretty.h. Nodes up to V28 write a confirmation in the
 * shape that the first of their clients asked for and send that to all; newer ones, and both
 * profiles here, give each client its own.
 */
#include "gateway/dialects/nano_event.h"

#include <string.h>

#include "common/json_pretty.h"
#include "gateway/frame.h"

/* ---- reading -------------------------------------------------------------------------------- */

static uint16_t confirmation_type(struct json_value type)
{
    if (json_string_is(type, "active_quorum"))
        return NANO_QUORUM;
    if (json_string_is(type, "active_confirmation_height"))
        return NANO_HEIGHT;
    return json_string_is(type, "inactive") ? NANO_INACTIVE : 0;
}

/* Nodes before V21 had no types. */
static enum nano_vote_type vote_type(struct json_value type)
{
    if (type.kind == JSON_NONE || json_string_is(type, "vote"))
        return NANO_VOTE_FIRST;
    if (json_string_is(type, "replay"))
        return NANO_VOTE_REPLAY;
    return json_string_is(type, "indeterminate") ? NANO_VOTE_INDETERMINATE : NANO_VOTE_OTHER;
}

static void forget(struct nano_event *event)
{
    for (int profile = 0; profile < NANO_PROFILES; profile++)
        for (int shape = 0; shape < NANO_SHAPES; shape++)
            frame_unref(&event->frames[profile][shape]);
    event->bytes.len = 0;
    if (event->bytes.cap > NANO_EVENT_KEEP || event->bytes.failed)
        text_free(&event->bytes);
}

static bool read_event(struct nano_event *event, const char *bytes, size_t len)
{
    struct json_value topic, message;

    text_add_bytes(&event->bytes, bytes, len);
    if (event->bytes.failed ||
        json_check(event->bytes.at, len, JSON_STRICT, &event->root, NULL) < 0) {
        forget(event);
        return false;
    }
    topic = json_member(event->root, "topic", JSON_STRICT);
    message = json_member(event->root, "message", JSON_STRICT);
    event->confirmation = json_string_is(topic, "confirmation");
    event->type = confirmation_type(json_member(message, "confirmation_type", JSON_STRICT));
    event->vote_type = vote_type(json_member(message, "type", JSON_STRICT));
    return true;
}

struct nano_event *nano_event_of(struct nano_events *events, const char *bytes, size_t len)
{
    for (unsigned i = 0; i < NANO_EVENTS; i++) {
        struct nano_event *event = &events->kept[(events->newest + NANO_EVENTS - i) % NANO_EVENTS];
        if (event->bytes.len == len && len > 0 && memcmp(event->bytes.at, bytes, len) == 0)
            return event;
    }
    events->newest = (events->newest + 1) % NANO_EVENTS;
    struct nano_event *event = &events->kept[events->newest];
    forget(event);
    return read_event(event, bytes, len) ? event : NULL;
}

/* Of votes the document says: "By default only `vote` type votes are broadcasted, and the others
 * are filtered." The node filters only where there were options at all, and of types that the
 * document does not know it filters none. */
static bool vote_wanted(const struct nano_event *event, const struct nano_options *options)
{
    bool given = options->flags & NANO_GIVEN;

    if (options->profile == PROFILE_NODE && !given)
        return true;
    switch (event->vote_type) {
    case NANO_VOTE_FIRST: return true;
    case NANO_VOTE_REPLAY: return options->flags & NANO_REPLAYS;
    case NANO_VOTE_INDETERMINATE: return options->flags & NANO_INDETERMINATE;
    case NANO_VOTE_OTHER: return given;
    }
    return false;
}

bool nano_event_wanted(const struct nano_event *event, const struct nano_options *options)
{
    if (options->topic == NANO_CONFIRMATION)
        return !(options->flags & NANO_GIVEN) || (event->type & options->flags);
    return options->topic != NANO_VOTE || vote_wanted(event, options);
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A member that is there only in some shapes, or whose own members are. */
struct part {
    const char *name;
    unsigned needs; /* one of these flags; 0: always there */
    const struct part *inside;
};

static const struct part of_election[] = {{"votes", NANO_VOTES, NULL}, {0}};
static const struct part of_block[] = {{"linked_account", NANO_LINKED, NULL}, {0}};
static const struct part of_message[] = {{"election_info", NANO_ELECTION | NANO_VOTES, of_election},
                                         {"block", NANO_BLOCK, of_block},
                                         {"sideband", NANO_SIDEBAND, NULL},
                                         {0}};
static const struct part of_confirmation[] = {{"message", 0, of_message}, {0}};

static const struct part *part_of(const struct part *parts, struct json_value key)
{
    for (; parts && parts->name; parts++)
        if (json_string_is(key, parts->name))
            return parts;
    return NULL;
}

/* At most as deep as the tables above. */
static void put(struct text *t, struct json_value value, const struct part *parts, unsigned shape)
{
    struct json_iter it = json_iter(value, JSON_STRICT);
    bool first = true;

    if (!parts || value.kind != JSON_OBJECT) {
        json_compact(t, value, JSON_STRICT);
        return;
    }
    text_add_bytes(t, "{", 1);
    while (json_next(&it)) {
        const struct part *part = part_of(parts, it.key);
        if (part && part->needs && !(part->needs & shape))
            continue;
        if (!first)
            text_add_bytes(t, ",", 1);
        first = false;
        text_add_bytes(t, it.key.at, it.key.len);
        text_add_bytes(t, ":", 1);
        put(t, it.value, part ? part->inside : NULL, shape);
    }
    text_add_bytes(t, "}", 1);
}

static bool make_pretty(struct nano_events *events)
{
    struct json_value root;

    events->pretty.len = 0;
    if (json_check(events->compact.at, events->compact.len, JSON_STRICT, &root, NULL) < 0)
        return false;
    json_pretty(&events->pretty, root, JSON_STRICT, JSON_PRETTY_BOOST);
    return true;
}

/* What is kept for the next one is no more than for an event. */
static void tidy(struct text *t)
{
    if (t->failed || t->cap > NANO_EVENT_KEEP)
        text_free(t);
}

static struct frame *make_frame(struct nano_events *events, const struct nano_event *event,
                                enum profile profile, unsigned shape)
{
    struct text *t = &events->compact;
    struct frame *frame = NULL;
    bool ok = true;

    t->len = 0;
    put(t, event->root, event->confirmation ? of_confirmation : NULL, shape);
    if (!t->failed && profile == PROFILE_NODE) {
        ok = make_pretty(events);
        t = &events->pretty;
    }
    if (ok && !t->failed)
        frame = frame_new(WS_TEXT, &(struct span){t->at, t->len}, 1);
    tidy(&events->compact);
    tidy(&events->pretty);
    return frame;
}

struct frame *nano_event_frame(struct nano_events *events, struct nano_event *event,
                               enum profile profile, unsigned shape)
{
    struct frame **frame = &event->frames[profile][event->confirmation ? shape : 0];

    if (!*frame)
        *frame = make_frame(events, event, profile, shape);
    return *frame;
}

void nano_events_fini(struct nano_events *events)
{
    for (unsigned i = 0; i < NANO_EVENTS; i++) {
        forget(&events->kept[i]);
        text_free(&events->kept[i].bytes);
    }
    text_free(&events->compact);
    text_free(&events->pretty);
}
