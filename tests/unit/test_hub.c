/* Who listens to which stream: the invariants I1-I3, with plain calls. */
#include "gateway/hub.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "tests/support/leaks.h"

enum { CLASS_OF_X = 3 };

struct ear {
    struct listener listener;
    int got;
    char last[40];
};

static struct hub *hub;
static char wishes[1024];
static struct ear a, b;
static const struct message message = {.data = "{}", .data_len = 2};

static void note_wish(void *ctx, const char *name, size_t len, bool wanted)
{
    size_t at = strlen(wishes);

    cr_expect_eq(ctx, (void *)wishes);
    snprintf(wishes + at, sizeof wishes - at, "%c%.*s", wanted ? '+' : '-', (int)len, name);
}

static unsigned classify(void *ctx, const char *name, size_t len)
{
    (void)ctx;
    return len == 1 && *name == 'x' ? CLASS_OF_X : 0;
}

static void take(struct listener *l, struct stream *stream, const struct message *m)
{
    struct ear *ear = list_entry(l, struct ear, listener);

    cr_expect_eq(m, &message);
    ear->got++;
    snprintf(ear->last, sizeof ear->last, "%s", stream->name);
}

static void set_up(void)
{
    wishes[0] = '\0';
    hub = hub_new(note_wish, classify, wishes);
    listener_init(&a.listener, take);
    listener_init(&b.listener, take);
}

static void tear_down(void)
{
    hub_leave(hub, &a.listener);
    hub_leave(hub, &b.listener);
    hub_free(&hub);
    hub_free(&hub); /* of nothing: nothing */
    no_leaks();
}

static int listen_to(struct ear *ear, const char *name)
{
    return hub_listen(hub, &ear->listener, name, strlen(name));
}

static struct stream *find(const char *name)
{
    return hub_find(hub, name, strlen(name));
}

static void publish(const char *name)
{
    struct stream *stream = find(name);

    cr_assert_not_null(stream);
    hub_publish(hub, stream, &message);
}

TestSuite(hub, .init = set_up, .fini = tear_down);

Test(hub, I1_a_stream_is_there_exactly_while_it_has_a_listener)
{
    cr_expect_null(find("x"));
    listen_to(&a, "x");
    listen_to(&b, "x");
    cr_assert_not_null(find("x"));
    cr_expect_eq(hub_streams(hub), 1u);
    hub_leave(hub, &a.listener);
    publish("x"); /* to whoever is left */
    cr_expect_eq(a.got, 0);
    cr_expect_eq(b.got, 1);
    hub_leave(hub, &b.listener);
    cr_expect_null(find("x"));
    cr_expect_eq(hub_streams(hub), 0u);
}

Test(hub, I2_redis_is_asked_once_for_two_listeners_and_told_when_the_last_leaves)
{
    cr_assert_eq(listen_to(&a, "x"), 0);
    cr_assert_eq(listen_to(&b, "x"), 0);
    cr_expect_str_eq(wishes, "+x");
    hub_leave(hub, &a.listener);
    cr_expect_str_eq(wishes, "+x");
    hub_leave(hub, &b.listener);
    cr_expect_str_eq(wishes, "+x-x");
    listen_to(&a, "x");
    cr_expect_str_eq(wishes, "+x-x+x");
}

Test(hub, listening_twice_is_refused_and_changes_nothing)
{
    cr_assert_eq(listen_to(&a, "x"), 0);
    cr_expect_eq(listen_to(&a, "x"), -EEXIST);
    cr_expect_eq(a.listener.n_streams, 1u);
    cr_expect_eq(find("x")->n_listeners, 1u);
    publish("x");
    cr_expect_eq(a.got, 1);
}

Test(hub, a_message_goes_to_every_listener_of_its_stream_and_to_nobody_else)
{
    listen_to(&a, "x");
    listen_to(&a, "y");
    listen_to(&b, "y");
    publish("y");
    cr_expect_eq(a.got, 1);
    cr_expect_eq(b.got, 1);
    cr_expect_str_eq(a.last, "y");
    publish("x");
    cr_expect_eq(a.got, 2);
    cr_expect_eq(b.got, 1);
    cr_expect_eq(find("x")->messages, 1u);
}

static void begin(struct listener *l, struct stream *stream, const struct message *m)
{
    (void)stream, (void)m;
    hub_listen(hub, l, "y", 1);
}

static void leave(struct listener *l, struct stream *stream, const struct message *m)
{
    (void)stream, (void)m;
    hub_leave(hub, l);
}

static void publish_again(struct listener *l, struct stream *stream, const struct message *m)
{
    (void)l;
    hub_publish(hub, stream, m);
}

static void listen_and_do(deliver_fn *deliver)
{
    listener_init(&a.listener, deliver);
    listen_to(&a, "x");
    publish("x");
}

Test(hub, I3_nobody_may_begin_to_listen_while_a_message_goes_out, .signal = SIGABRT)
{
    listen_and_do(begin);
}

Test(hub, I3_nobody_may_leave_while_a_message_goes_out, .signal = SIGABRT)
{
    listen_and_do(leave);
}

Test(hub, I3_nobody_may_publish_while_a_message_goes_out, .signal = SIGABRT)
{
    listen_and_do(publish_again);
}

Test(hub, it_may_not_end_while_somebody_listens, .signal = SIGABRT)
{
    listen_to(&a, "x");
    hub_free(&hub);
}

Test(hub, leaving_twice_or_without_having_listened_does_nothing)
{
    hub_leave(hub, &a.listener);
    listen_to(&a, "x");
    hub_leave(hub, &a.listener);
    hub_leave(hub, &a.listener);
    cr_expect_str_eq(wishes, "+x-x");
    cr_expect_eq(a.listener.n_streams, 0u);
}

Test(hub, names_that_differ_in_length_only_are_different_streams)
{
    listen_to(&a, "x");
    listen_to(&b, "xx");
    cr_expect_neq(find("x"), find("xx"));
    cr_expect_null(hub_find(hub, "x", 0));
    cr_expect_eq(hub_find(hub, "xxx", 2), find("xx"));
}

Test(hub, a_stream_is_classified_once_when_it_comes)
{
    listen_to(&a, "x");
    listen_to(&a, "y");
    cr_expect_eq(find("x")->class_id, CLASS_OF_X);
    cr_expect_eq(find("y")->class_id, 0);
}

Test(hub, clients_of_a_stream_are_those_of_all_its_listeners)
{
    listen_to(&a, "x");
    listen_to(&b, "x");
    a.listener.n_clients = 10;
    b.listener.n_clients = 7;
    cr_expect_eq(hub_stream_clients(find("x")), 17u);
}

Test(hub, a_walk_meets_every_stream)
{
    char name[16];
    size_t n = 0;

    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "s%d", i);
        listen_to(&a, name);
    }
    for (struct stream *stream = NULL; (stream = hub_next(hub, stream)); n++)
        stream->messages++;
    cr_expect_eq(n, 500u);
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "s%d", i);
        cr_expect_eq(find(name)->messages, 1u);
    }
}

Test(hub, a_listener_is_confirmed_when_all_of_its_streams_are)
{
    listen_to(&a, "x");
    listen_to(&a, "y");
    hub_confirm(hub, find("x"));
    cr_expect_not(hub_confirmed(&a.listener));
    hub_confirm(hub, find("y"));
    cr_expect(hub_confirmed(&a.listener));
    hub_unconfirm(hub, find("x"));
    cr_expect_not(hub_confirmed(&a.listener));
    cr_expect_not(find("x")->confirmed);
}

Test(hub, a_stream_that_comes_again_begins_unconfirmed)
{
    listen_to(&a, "x");
    hub_confirm(hub, find("x"));
    hub_leave(hub, &a.listener);
    listen_to(&a, "x");
    cr_expect_not(find("x")->confirmed);
    cr_expect_eq(find("x")->messages, 0u);
}

static void note_end(void *ctx, struct stream *stream)
{
    strcat(ctx, stream->name);
}

Test(hub, whoever_keeps_something_of_a_stream_is_told_of_its_end)
{
    char ended[8] = "";

    hub_on_end(hub, note_end, ended);
    listen_to(&a, "x");
    listen_to(&b, "x");
    hub_leave(hub, &a.listener);
    cr_expect_str_eq(ended, "");
    hub_leave(hub, &b.listener);
    cr_expect_str_eq(ended, "x");
}
