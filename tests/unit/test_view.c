/* What one distinct request sees, and the clients that made it: the invariants V1-V3. */
#include "gateway/view.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "gateway/frame.h"
#include "tests/support/leaks.h"

/* view.c never looks into a client: any memory will do. */
struct client {
    int got;
    struct list memberships;
};

enum { CLIENTS = 40 };

struct state {
    int messages;
    char request[16];
};

static struct hub *hub;
static struct views *views;
static struct client clients[CLIENTS];
static char wishes[256];
static int opened, closed_views, built, open_error;
static void (*while_delivering)(void);

static void note_wish(void *ctx, const char *name, size_t len, bool wanted)
{
    size_t at = strlen(wishes);

    (void)ctx;
    snprintf(wishes + at, sizeof wishes - at, "%c%.*s", wanted ? '+' : '-', (int)len, name);
}

static unsigned classify(void *ctx, const char *name, size_t len)
{
    (void)ctx, (void)name, (void)len;
    return 0;
}

static void give(struct client *client, struct frame *frame)
{
    cr_expect_eq(frame->refs, 1u);
    client->got++;
    if (while_delivering)
        while_delivering();
}

static int open_view(struct view *view, struct hub *h, const void *request)
{
    struct state *state = view->state;

    opened++;
    cr_expect_eq(state->messages, 0, "zeroed");
    if (request)
        snprintf(state->request, sizeof state->request, "%s", (const char *)request);
    int err = hub_listen(h, &view->listener, view->key, view->key_len);
    return err ? err : open_error;
}

static void on_message(struct view *view, const struct stream *stream, const struct message *m)
{
    struct frame *frame = frame_new(WS_TEXT, &(struct span){m->data, m->data_len}, 1);

    (void)stream;
    built++;
    ((struct state *)view->state)->messages++;
    view_deliver(view, frame);
    frame_unref(&frame);
}

static void close_view(struct view *view)
{
    (void)view;
    closed_views++;
}

static const struct view_type type = {.name = "test",
                                      .state_size = sizeof(struct state),
                                      .open = open_view,
                                      .message = on_message,
                                      .close = close_view};
static const struct view_type other_type = {
    .name = "other", .state_size = sizeof(struct state), .open = open_view, .message = on_message};

static void set_up(void)
{
    hub = hub_new(note_wish, classify, NULL);
    views = views_new(hub, give);
    for (int i = 0; i < CLIENTS; i++)
        list_init(&clients[i].memberships);
}

static int join_as(const struct view_type *t, int i, const char *key)
{
    return views_join(views, t, key, strlen(key), "request", &clients[i], &clients[i].memberships,
                      NULL);
}

static int join(int i, const char *key)
{
    return join_as(&type, i, key);
}

static struct member *member(int i, const char *key)
{
    return views_member(views, &type, key, strlen(key), &clients[i]);
}

static void publish(const char *name)
{
    static const struct message m = {.data = "{}", .data_len = 2};

    hub_publish(hub, hub_find(hub, name, strlen(name)), &m);
}

static void leave_all(int i)
{
    while (!list_empty(&clients[i].memberships))
        views_leave(views, list_first(&clients[i].memberships, struct member, in_client));
}

static void tear_down(void)
{
    for (int i = 0; i < CLIENTS; i++)
        leave_all(i);
    views_free(&views);
    views_free(&views); /* of nothing: nothing */
    hub_free(&hub);
    no_leaks();
}

TestSuite(view, .init = set_up, .fini = tear_down);

Test(view, clients_with_one_request_share_one_view_and_its_frames)
{
    for (int i = 0; i < 10; i++)
        cr_assert_eq(join(i, "x"), 0);
    cr_expect_eq(views_count(views), 1u);
    cr_expect_eq(views_members(views), 10u);
    cr_expect_eq(opened, 1);
    publish("x");
    cr_expect_eq(built, 1, "built once");
    for (int i = 0; i < 10; i++)
        cr_expect_eq(clients[i].got, 1);
    cr_expect_eq(clients[10].got, 0);
    cr_expect_str_eq(((struct state *)member(3, "x")->view->state)->request, "request");
}

Test(view, another_key_or_another_type_is_another_view)
{
    join(0, "x");
    join(1, "xx");
    join_as(&other_type, 2, "x");
    cr_expect_eq(views_count(views), 3u);
    cr_expect_str_eq(wishes, "+x+xx");
    publish("x");
    cr_expect_eq(clients[0].got, 1);
    cr_expect_eq(clients[1].got, 0);
    cr_expect_eq(clients[2].got, 1);
}

Test(view, V1_a_view_lives_while_it_has_members)
{
    join(0, "x");
    join(1, "x");
    leave_all(0);
    cr_expect_eq(views_count(views), 1u);
    cr_expect_eq(closed_views, 0);
    leave_all(1);
    cr_expect_eq(views_count(views), 0u);
    cr_expect_eq(closed_views, 1);
    cr_expect_str_eq(wishes, "+x-x");
}

Test(view, V2_a_client_is_a_member_of_a_view_at_most_once)
{
    cr_expect_eq(join(0, "x"), 0);
    cr_expect_eq(join(0, "x"), -EEXIST);
    cr_expect_eq(views_members(views), 1u);
    publish("x");
    cr_expect_eq(clients[0].got, 1);
}

static void join_now(void)
{
    join(5, "x");
}

static void leave_now(void)
{
    leave_all(0);
}

Test(view, V3_nobody_may_join_while_a_frame_goes_out, .signal = SIGABRT)
{
    while_delivering = join_now;
    join(0, "x");
    publish("x");
}

Test(view, V3_nobody_may_leave_while_a_frame_goes_out, .signal = SIGABRT)
{
    while_delivering = leave_now;
    join(0, "x");
    publish("x");
}

Test(view, it_may_not_end_while_there_are_members, .signal = SIGABRT)
{
    join(0, "x");
    views_free(&views);
}

Test(view, a_view_that_could_not_be_opened_leaves_nothing_behind)
{
    open_error = -EINVAL;
    cr_expect_eq(join(0, "x"), -EINVAL);
    cr_expect_eq(views_count(views), 0u);
    cr_expect_eq(views_members(views), 0u);
    cr_expect_eq(hub_streams(hub), 0u);
    cr_expect_eq(closed_views, 1);
    cr_expect(list_empty(&clients[0].memberships));
}

/* The last member takes the place of one that leaves, and must know where it is then. */
Test(view, members_may_leave_from_any_place_and_the_others_stay_members)
{
    static const int leaving[] = {3, 0, 19, 7, 18, 1, 17, 10};
    int left = 20;

    for (int i = 0; i < left; i++)
        join(i, "x");
    cr_expect_eq(hub_stream_clients(hub_find(hub, "x", 1)), (uint64_t)left);
    for (size_t k = 0; k < sizeof leaving / sizeof *leaving; k++) {
        views_leave(views, member(leaving[k], "x"));
        cr_expect_null(member(leaving[k], "x"));
        for (int i = 0; i < 20; i++)
            clients[i].got = 0;
        publish("x");
        int got = 0;
        for (int i = 0; i < 20; i++) {
            cr_expect_eq(clients[i].got, member(i, "x") ? 1 : 0, "%d", i);
            got += clients[i].got;
        }
        cr_expect_eq(got, --left);
        cr_expect_eq(hub_stream_clients(hub_find(hub, "x", 1)), (uint64_t)left);
    }
}

Test(view, memberships_are_listed_in_the_order_in_which_the_client_joined)
{
    struct member *m;
    char order[8] = "";

    join(0, "c");
    join(0, "a");
    join(0, "b");
    views_leave(views, member(0, "a"));
    join(0, "a");
    list_each (m, &clients[0].memberships, in_client) {
        strcat(order, m->view->key);
    }
    cr_expect_str_eq(order, "cba");
}

Test(view, a_membership_is_found_by_client_and_view_only)
{
    join(0, "x");
    join(1, "y");
    cr_expect_not_null(member(0, "x"));
    cr_expect_null(member(1, "x"));
    cr_expect_null(member(0, "y"));
    cr_expect_null(views_member(views, &other_type, "x", 1, &clients[0]));
    cr_expect_eq(member_client(member(1, "y")), &clients[1]);
}

Test(view, the_member_that_joined_is_handed_back)
{
    struct member *m = NULL;

    cr_assert_eq(views_join(views, &type, "x", 1, NULL, &clients[0], &clients[0].memberships, &m),
                 0);
    cr_expect_eq(m, member(0, "x"));
}
