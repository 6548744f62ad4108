/* zilliqa_place.c - which view a client belongs to: see zilliqa.h. */
#include <errno.h>
#include <string.h>

#include "gateway/client.h"
#include "gateway/dialects/zilliqa.h"

static struct zilliqa *shared_of(const struct client *c)
{
    return c->host->shared[SHARED_ZILLIQA];
}

/* A client of this dialect is a member of one view at most. */
static struct view *view_of(const struct client *c)
{
    return list_empty(&c->memberships)
               ? NULL
               : list_first(&c->memberships, struct member, in_client)->view;
}

static void leave(struct client *c, const struct view *view)
{
    if (view)
        (void)client_leave(c, &zilliqa_view_type, view->key, view->key_len);
}

/* The new view is joined before the old one is left, so that streams in both stay as they are; not
 * so where only one membership is allowed. */
static int move(struct client *c, struct view *before, const struct text *key)
{
    const struct zilliqa_request request = {.shared = shared_of(c), .before = before};
    const struct zilliqa_request alone = {.shared = shared_of(c)};
    int err = client_join(c, &zilliqa_view_type, key->at, key->len, &request);

    leave(c, before);
    if (err == -ENOSPC)
        err = client_join(c, &zilliqa_view_type, key->at, key->len, &alone);
    return err;
}

void zilliqa_place(struct client *c)
{
    const struct zilliqa_client *z = c->dialect_state;
    struct text *key = &shared_of(c)->scratch;
    struct view *before = view_of(c);

    if (z->topics == 0) {
        leave(c, before);
        return;
    }
    key->len = 0;
    zilliqa_view_key(z, (enum profile)c->profile, key);
    if (key->failed) {
        text_free(key);
        leave(c, before);
        client_close(c, CLOSE_no_memory);
        return;
    }
    if (before && before->key_len == key->len && memcmp(before->key, key->at, key->len) == 0)
        return;
    if (move(c, before, key) == -ENOMEM)
        client_close(c, CLOSE_no_memory);
}

static void end_left_topics(struct client *c)
{
    struct zilliqa_client *z = c->dialect_state;

    z->topics &= (uint8_t)~z->leaving;
    z->leaving = 0;
    zilliqa_place(c);
}

void zilliqa_settle(struct zilliqa *shared)
{
    while (!list_empty(&shared->told)) {
        struct zilliqa_view *zv = list_first(&shared->told, struct zilliqa_view, in_told);
        struct view *view = zv->view;
        list_remove(&zv->in_told);
        /* Each leaves, and with the last of them the view goes. */
        for (uint32_t n = view->n_members; n > 0; n--)
            end_left_topics(view->members[n - 1].client);
    }
}
