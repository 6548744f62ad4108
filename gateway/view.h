/* view.h - what one distinct request sees, and the clients that made it.
 *
 *   hub --message--> view --frame, built once--> every member's queue
 *
 * A view is found by its type and key: the canonical form of a request. Ten thousand clients with
 * one request share one view and the same bytes. It lives while it has members.
 *
 * Ownership
 *   views    owns every view and every membership.
 *   client   borrows its memberships (list `memberships`) and leaves them all before it goes.
 *
 * Invariants
 *   V1  a view has at least one member;
 *   V2  a client is a member of a view at most once;
 *   V3  members do not change while frames are being delivered.
 */
#ifndef GATEWAY_VIEW_H
#define GATEWAY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/table.h"
#include "gateway/hub.h"

struct client;
struct frame;
struct view;
struct views;

struct view_type {
    const char *name;
    size_t state_size; /* bytes at view->state, zeroed before open() */
    /* Listen to the streams (hub_listen(&view->listener)) that the request asks for. 0 or -errno;
     * on error the view is undone, whatever open() had done so far. */
    int (*open)(struct view *view, struct hub *hub, const void *request);
    /* One message of one of its streams: build what the members get and view_deliver() it. */
    void (*message)(struct view *view, const struct stream *stream, const struct message *m);
    /* Redis has subscribed us to one of its streams, now or again; it may come from within open().
     * May be NULL. */
    void (*confirmed)(struct view *view, const struct stream *stream);
    /* A stream that tells the end of a block and is listened to whatever was asked for: it needs no
     * permission. May be NULL. */
    const char *comes_along;
    bool asks_itself;                 /* the dialect has asked client_allows() before it joins */
    void (*close)(struct view *view); /* free what open() and message() allocated; may be NULL */
};

struct member {
    struct list in_client; /* in the order in which the client joined */
    struct view *view;
    void *own;                  /* the dialect's, which frees it; NULL at first */
    struct table_node in_pairs; /* by (client, view): private to view.c */
    uint32_t at;                /* view->members[at] is its place */
};

struct view {
    struct table_node node;
    const struct view_type *type;
    struct views *views;
    struct listener listener;
    struct place_of_member {
        struct client *client; /* all that delivering touches */
        struct member *member;
    } * members;
    uint32_t n_members, cap;
    uint32_t key_len;
    char *key; /* borrowed from the view's own memory */
    void *state;
};

static inline struct client *member_client(const struct member *member)
{
    return member->view->members[member->at].client;
}

/* Give a member a frame; the queue takes its own reference. */
typedef void member_deliver_fn(struct client *client, struct frame *frame);

struct views *views_new(struct hub *hub, member_deliver_fn *deliver); /* NULL: no memory */
void views_free(struct views **views); /* every member has left; *views may be NULL */

/* Make the client a member of the view of that type and key, which is opened with request if
 * there is none. 0 and *member (may be NULL); -EEXIST when it is one already; -ENOMEM; or what
 * open() said. On error nothing has changed. The new member is appended to *memberships. */
int views_join(struct views *views, const struct view_type *type, const char *key, size_t key_len,
               const void *request, struct client *client, struct list *memberships,
               struct member **member);

/* The client's membership in that view, NULL when it has none. */
struct member *views_member(struct views *views, const struct view_type *type, const char *key,
                            size_t key_len, const struct client *client);

void views_leave(struct views *views, struct member *member);

void view_deliver(struct view *view, struct frame *frame);

size_t views_count(const struct views *views);
size_t views_members(const struct views *views);

#endif
