/* view.c - see view.h for the picture and the invariants V1-V3. */
#include "gateway/view.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 4 }; /* members that are fetched while others get a frame */

struct views {
    struct table table; /* views by (type, key) */
    struct table pairs; /* members by (client, view): a leaving client searches nothing */
    struct hub *hub;
    member_deliver_fn *deliver;
    bool delivering; /* guards V3 */
};

struct views *views_new(struct hub *hub, member_deliver_fn *deliver)
{
    struct views *views = calloc(1, sizeof *views);

    if (!views)
        return NULL;
    if (table_init(&views->table) < 0 || table_init(&views->pairs) < 0) {
        table_fini(&views->table);
        free(views);
        return NULL;
    }
    views->hub = hub;
    views->deliver = deliver;
    return views;
}

void views_free(struct views **viewsp)
{
    struct views *views = *viewsp;

    *viewsp = NULL;
    if (!views)
        return;
    assert(views->table.n == 0 && views->pairs.n == 0);
    table_fini(&views->table);
    table_fini(&views->pairs);
    free(views);
}

static struct view *find(struct views *views, const struct view_type *type, const char *key,
                         size_t len, uint64_t hash)
{
    table_each_match(node, &views->table, hash)
    {
        struct view *view = table_entry(node, struct view, node);
        if (view->type == type && view->key_len == len && memcmp(view->key, key, len) == 0)
            return view;
    }
    return NULL;
}

static uint64_t pair_hash(const struct views *views, const struct client *client,
                          const struct view *view)
{
    const void *pair[2] = {client, view};

    return table_hash(&views->pairs, pair, sizeof pair);
}

static struct member *member_of(struct views *views, const struct client *client,
                                const struct view *view)
{
    table_each_match(node, &views->pairs, pair_hash(views, client, view))
    {
        struct member *member = table_entry(node, struct member, in_pairs);
        if (member_client(member) == client && member->view == view)
            return member;
    }
    return NULL;
}

struct member *views_member(struct views *views, const struct view_type *type, const char *key,
                            size_t key_len, const struct client *client)
{
    uint64_t hash = table_hash(&views->table, key, key_len);
    struct view *view = find(views, type, key, key_len, hash);

    return view ? member_of(views, client, view) : NULL;
}

static void take_message(struct listener *l, struct stream *stream, const struct message *m)
{
    struct view *view = list_entry(l, struct view, listener);

    view->type->message(view, stream, m);
}

static void take_confirmation(struct listener *l, struct stream *stream)
{
    struct view *view = list_entry(l, struct view, listener);

    view->type->confirmed(view, stream);
}

static void view_free(struct view *view)
{
    hub_leave(view->views->hub, &view->listener);
    if (view->type->close)
        view->type->close(view);
    free(view->members);
    free(view);
}

static struct view *view_new(struct views *views, const struct view_type *type, const char *key,
                             size_t len, uint64_t hash)
{
    size_t state_at = (sizeof(struct view) + 15) & ~(size_t)15;
    size_t key_at = state_at + type->state_size;
    struct view *view = calloc(1, key_at + len + 1);

    if (!view)
        return NULL;
    view->type = type;
    view->views = views;
    view->key_len = (uint32_t)len;
    view->key = (char *)view + key_at;
    view->state = (char *)view + state_at;
    memcpy(view->key, key, len);
    view->node.hash = hash;
    listener_init(&view->listener, take_message);
    if (type->confirmed)
        view->listener.confirmed = take_confirmation;
    return view;
}

static int reserve_place(struct view *view)
{
    if (view->n_members < view->cap)
        return 0;
    uint32_t cap = view->cap ? view->cap * 2 : 1;
    struct place_of_member *bigger = realloc(view->members, cap * sizeof *bigger);
    if (!bigger)
        return -ENOMEM;
    view->members = bigger;
    view->cap = cap;
    return 0;
}

static int add_member(struct view *view, struct client *client, struct list *memberships,
                      struct member **out)
{
    struct views *views = view->views;
    struct member *member = malloc(sizeof *member);

    if (!member || reserve_place(view) < 0) {
        free(member);
        return -ENOMEM;
    }
    *member = (struct member){.view = view, .at = view->n_members};
    view->members[view->n_members++] = (struct place_of_member){.client = client, .member = member};
    view->listener.n_clients = view->n_members;
    table_insert(&views->pairs, &member->in_pairs, pair_hash(views, client, view));
    list_append(memberships, &member->in_client);
    if (out)
        *out = member;
    return 0;
}

int views_join(struct views *views, const struct view_type *type, const char *key, size_t key_len,
               const void *request, struct client *client, struct list *memberships,
               struct member **member)
{
    uint64_t hash = table_hash(&views->table, key, key_len);
    struct view *view = find(views, type, key, key_len, hash);

    assert(!views->delivering); /* V3 */
    if (view)
        return member_of(views, client, view) ? -EEXIST
                                              : add_member(view, client, memberships, member);
    view = view_new(views, type, key, key_len, hash);
    if (!view)
        return -ENOMEM;
    int err = type->open(view, views->hub, request);
    if (!err)
        err = add_member(view, client, memberships, member);
    if (err) {
        view_free(view);
        return err;
    }
    table_insert(&views->table, &view->node, hash);
    return 0;
}

void views_leave(struct views *views, struct member *member)
{
    struct view *view = member->view;
    struct place_of_member *last = &view->members[view->n_members - 1];

    assert(!views->delivering); /* V3 */
    last->member->at = member->at;
    view->members[member->at] = *last;
    view->listener.n_clients = --view->n_members;
    table_remove(&views->pairs, &member->in_pairs);
    list_remove(&member->in_client);
    free(member);
    if (view->n_members > 0)
        return;
    table_remove(&views->table, &view->node);
    view_free(view);
}

void view_deliver(struct view *view, struct frame *frame)
{
    struct views *views = view->views;

    views->delivering = true;
    for (uint32_t i = 0; i < view->n_members; i++) {
        if (i + AHEAD < view->n_members) /* of very many, hardly one is in the caches */
            __builtin_prefetch(view->members[i + AHEAD].client, 1);
        views->deliver(view->members[i].client, frame);
    }
    views->delivering = false;
}

size_t views_count(const struct views *views)
{
    return views->table.n;
}

size_t views_members(const struct views *views)
{
    return views->pairs.n;
}
