/* The Nano dialect, driven by plain calls: views, their streams, and what ends a connection. What
 * goes over the wire is in the transcripts. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/nano_account.h"
#include "tests/support/fake_client.h"

#define X "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define Y "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"
#define OF "nano.confirmation.account."

static struct fake_gateway g;
static struct client *c;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_NO_FLAGS);
    c = fake_open(&g, &dialect_nano, PROFILE_DOC, "/", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
}

TestSuite(nano, .init = set_up, .fini = tear_down);

static void confirmations(struct client *who, const char *options)
{
    char text[4096];

    snprintf(text, sizeof text,
             "{\"action\":\"subscribe\",\"topic\":\"confirmation\",\"options\":%s}", options);
    fake_say(who, text);
}

static void update(struct client *who, const char *options)
{
    char text[4096];

    snprintf(text, sizeof text, "{\"action\":\"update\",\"topic\":\"confirmation\",\"options\":%s}",
             options);
    fake_say(who, text);
}

/* One event to a stream: its id and tag, and the hash that it shows. */
static void confirm(const char *stream, const char *head, const char *hash)
{
    char text[1024];

    snprintf(text, sizeof text,
             "%s\n{\"topic\":\"confirmation\",\"message\":{\"hash\":\"%s\","
             "\"confirmation_type\":\"inactive\",\"block\":{}}}",
             head, hash);
    fake_publish(&g, stream, text);
}

/* Exactly one message, and it is that one. */
static bool heard(struct client *who, const char *hash)
{
    const char *text = fake_heard(&g, who);
    char wanted[64];

    snprintf(wanted, sizeof wanted, "\"hash\":\"%s\"", hash);
    return strstr(text, wanted) && !strchr(text, '\n');
}

Test(nano, clients_that_ask_for_the_same_share_a_view_and_the_very_frame)
{
    struct client *d = fake_open(&g, &dialect_nano, PROFILE_DOC, "/", "");

    confirmations(c, "{\"accounts\":[\"" X "\",\"" Y "\"]}");
    confirmations(d, "{\"accounts\":[\"" Y "\",\"" X "\",\"bad\"],\"include_block\":\"true\"}");
    cr_expect_eq(views_count(g.views), 1u);
    confirm(OF X, "1-1 1 A", "A");
    cr_expect_eq(queue_at(&c->queue, 0), queue_at(&d->queue, 0));
}

Test(nano, views_of_one_shape_share_the_frame_too)
{
    struct client *d = fake_open(&g, &dialect_nano, PROFILE_DOC, "/", "");

    confirmations(c, "{\"accounts\":[\"" X "\"]}");
    confirmations(d, "{\"accounts\":[\"" X "\",\"" Y "\"]}");
    cr_expect_eq(views_count(g.views), 2u);
    confirm(OF X, "1-1 1 A", "A");
    cr_expect_eq(queue_at(&c->queue, 0), queue_at(&d->queue, 0));
}

Test(nano, profiles_and_shapes_do_not)
{
    struct client *d = fake_open(&g, &dialect_nano, PROFILE_NODE, "/", "");
    struct client *e = fake_open(&g, &dialect_nano, PROFILE_DOC, "/", "");

    confirmations(c, "{\"x\":1}");
    confirmations(d, "{\"x\":1}");
    confirmations(e, "{\"include_block\":0}");
    confirm("nano.confirmation", "1-1 1 A", "A");
    cr_expect(strstr(fake_heard(&g, c), "\"block\":{}"));
    cr_expect(strstr(fake_heard(&g, d), "        \"block\": \"\"\n"));
    cr_expect_not(strstr(fake_heard(&g, e), "block"));
}

Test(nano, an_update_keeps_the_streams_of_both_sets_all_the_time)
{
    confirmations(c, "{\"accounts\":[\"" X "\"]}");
    cr_expect_str_eq(fake_wishes(&g), "+" OF X " ");
    update(c, "{\"accounts_add\":[\"" Y "\"]}");
    cr_expect_str_eq(fake_wishes(&g), "+" OF Y " ");
    update(c, "{\"accounts_del\":[\"" X "\"]}");
    cr_expect_str_eq(fake_wishes(&g), "-" OF X " ");
    cr_expect_eq(views_count(g.views), 1u);
}

Test(nano, a_confirmation_of_two_accounts_is_delivered_once_also_across_an_update)
{
    confirmations(c, "{\"accounts\":[\"" X "\",\"" Y "\"]}");
    confirm(OF X, "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
    update(c, "{\"accounts_add\":[\"nano_3hirtocjwgj3w7b7qrznj7rse7nqpu3by7wyerk7n3zxekq37tb8pgnccx"
              "ih\"]}");
    confirm(OF Y, "1-1 1 A", "A");
    cr_expect_str_eq(fake_heard(&g, c), "");
    confirm(OF Y, "1-2 1 B", "B");
    cr_expect(heard(c, "B"));
}

Test(nano, a_recording_played_again_is_news)
{
    confirmations(c, "{\"accounts\":[\"" X "\",\"" Y "\"]}");
    confirm(OF X, "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
    confirm(OF X, "2-1 1 A", "A");
    cr_expect(heard(c, "A"));
}

Test(nano, an_event_that_only_looks_like_the_one_before_is_written_anew)
{
    confirmations(c, "{\"x\":1}");
    confirm("nano.confirmation", "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
    confirm("nano.confirmation", "1-2 1 A", "B");
    cr_expect(heard(c, "B"));
    for (char hash[2] = "a"; *hash <= 'z'; ++*hash) { /* more than are kept */
        char head[32];
        snprintf(head, sizeof head, "2-%d 1 %s", *hash - 'a' + 1, hash);
        confirm("nano.confirmation", head, hash);
        cr_expect(heard(c, hash));
    }
}

Test(nano, thousands_of_accounts_are_thousands_of_streams)
{
    struct text t = {0};
    struct nano_key key = {0};
    char name[NANO_ACCOUNT_LEN + 1];

    text_add(&t,
             "{\"action\":\"subscribe\",\"topic\":\"confirmation\",\"options\":{\"accounts\":[");
    for (unsigned i = 0; i < 10001; i++) {
        key.bytes[0] = (unsigned char)(i >> 8);
        key.bytes[1] = (unsigned char)i;
        nano_account_write(&key, name);
        text_add(&t, "%s\"%s\"", i ? "," : "", name);
    }
    text_add(&t, "]}}");
    client_receive(c, t.at, t.len, true, true, false);
    cr_expect_eq(hub_streams(g.hub), 10000u);
    cr_expect_eq(g.counters.bad_requests, 1u, "one too many");
    update(c, "{\"accounts_del\":[]}");
    cr_expect_eq(hub_streams(g.hub), 10000u);
    confirmations(c, "{\"accounts\":[]}");
    cr_expect_eq(hub_streams(g.hub), 0u);
    text_free(&t);
}

/* "[…]": `n` accounts, each by its number. */
static const char *many_accounts(unsigned n)
{
    static char text[200 * (NANO_ACCOUNT_LEN + 3) + 3];
    char name[NANO_ACCOUNT_LEN + 1], *at = text;

    cr_assert_leq(n, 200u);
    for (unsigned i = 0; i < n; i++) {
        nano_account_write(&(struct nano_key){.bytes = {(unsigned char)i}}, name);
        at += sprintf(at, "%c\"%s\"", i ? ',' : '[', name);
    }
    strcpy(at, "]");
    return text;
}

static void with_many(struct client *who, const char *format)
{
    char text[20000];

    snprintf(text, sizeof text, format, many_accounts(100));
    fake_say(who, text);
}

#define MANY "{\"action\":\"subscribe\",\"topic\":\"confirmation\",\"options\":{\"accounts\":%s}}"

Test(nano, a_client_with_many_accounts_has_a_view_of_its_own_changed_in_place)
{
    struct client *d = fake_open(&g, &dialect_nano, PROFILE_DOC, "/", "");

    with_many(c, MANY);
    with_many(d, MANY);
    cr_expect_eq(views_count(g.views), 2u);
    cr_expect_eq(hub_streams(g.hub), 100u);
    fake_wishes(&g);
    const struct view *view = list_first(&c->memberships, struct member, in_client)->view;
    update(c, "{\"accounts_add\":[\"" X "\",\"" Y "\"]}");
    cr_expect_eq(list_first(&c->memberships, struct member, in_client)->view, view);
    confirm(OF X, "1-1 1 A", "A");
    confirm(OF Y, "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
    cr_expect_str_eq(fake_heard(&g, d), "");
    update(c, "{\"accounts_del\":[\"" X "\"]}");
    cr_expect_eq(hub_streams(g.hub), 101u);
    confirm(OF X, "1-2 1 B", "B");
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(nano, many_accounts_can_become_none_and_some_again)
{
    with_many(c, MANY);
    with_many(c, "{\"action\":\"update\",\"topic\":\"confirmation\",\"ack\":true,"
                 "\"options\":{\"accounts_del\":%s}}");
    cr_expect(strstr(fake_heard(&g, c), "\"ack\":\"update\""));
    cr_expect_eq(hub_streams(g.hub), 0u);
    update(c, "{\"accounts_add\":[\"" X "\"]}");
    confirm(OF X, "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
}

Test(nano, few_accounts_can_become_many_and_nothing_comes_twice)
{
    confirmations(c, "{\"accounts\":[\"" X "\",\"" Y "\"]}");
    confirm(OF X, "1-1 1 A", "A");
    cr_expect(heard(c, "A"));
    with_many(c, "{\"action\":\"update\",\"topic\":\"confirmation\","
                 "\"options\":{\"accounts_add\":%s}}");
    cr_expect_eq(hub_streams(g.hub), 102u);
    confirm(OF Y, "1-1 1 A", "A");
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(nano, many_accounts_without_blocks_are_no_streams)
{
    with_many(c, "{\"action\":\"subscribe\",\"topic\":\"confirmation\","
                 "\"options\":{\"include_block\":0,\"accounts\":%s}}");
    update(c, "{\"accounts_add\":[\"" X "\"]}");
    cr_expect_eq(hub_streams(g.hub), 0u);
}

Test(nano, many_representatives_are_as_many_streams)
{
    with_many(c, "{\"action\":\"subscribe\",\"topic\":\"vote\","
                 "\"options\":{\"representatives\":%s}}");
    cr_expect_eq(hub_streams(g.hub), 100u);
    cr_expect(strstr(fake_wishes(&g), "+nano.vote.representative.nano_1"));
}

Test(nano, nobody_is_pinged_or_ended_for_being_silent)
{
    fake_say(c, "{\"action\":\"subscribe\",\"topic\":\"work\"}");
    fake_pass(&g, 3600 * 1000);
    cr_expect_eq(c->state, CLIENT_OPEN);
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(nano, who_subscribes_to_ack_has_subscribed)
{
    fake_say(c, "{\"action\":\"subscribe\",\"topic\":\"ack\"}");
    fake_pass(&g, 3600 * 1000);
    cr_expect_eq(c->state, CLIENT_OPEN);
}

Test(nano, what_is_no_json_is_cut)
{
    fake_say(c, "nope");
    cr_expect_eq(c->close_reason, CLOSE_malformed);
    cr_expect_eq(close_reasons[CLOSE_malformed].code, 0);
    fake_say(c, "{\"action\":\"ping\"}");
    cr_expect_str_eq(fake_heard(&g, c), "");
}

Test(nano, leaving_topics_leaves_their_streams)
{
    fake_say(c,
             "{\"action\":\"subscribe\",\"topic\":\"vote\",\"options\":{\"representatives\":[\"" X
             "\"]}}");
    fake_say(c, "{\"action\":\"subscribe\",\"topic\":\"work\"}");
    cr_expect_str_eq(fake_wishes(&g), "+nano.vote.representative." X " +nano.work ");
    fake_say(c, "{\"action\":\"unsubscribe\",\"topic\":\"vote\"}");
    fake_say(c, "{\"action\":\"unsubscribe\",\"topic\":\"vote\"}");
    cr_expect_str_eq(fake_wishes(&g), "-nano.vote.representative." X " ");
    cr_expect_eq(c->n_memberships, 1u);
    fake_close(&g, c);
    cr_expect_eq(views_count(g.views), 0u);
}

Test(nano, at_the_limit_of_subscriptions_one_can_still_take_anothers_place)
{
    g.settings.max_subscriptions = 1;
    confirmations(c, "{\"accounts\":[\"" X "\"]}");
    confirmations(c, "{\"accounts\":[\"" Y "\"]}");
    cr_expect_str_eq(fake_wishes(&g), "+" OF X " +" OF Y " -" OF X " ");
    fake_say(c, "{\"action\":\"subscribe\",\"topic\":\"work\",\"ack\":true}");
    cr_expect_str_eq(fake_heard(&g, c), "");
    cr_expect_eq(c->n_memberships, 1u);
    cr_expect_eq(g.counters.bad_requests, 1u);
}

Test(nano, an_event_too_long_to_be_kept_is_delivered_all_the_same)
{
    struct text t = {0};

    confirmations(c, "{\"x\":1}");
    text_add(&t, "{\"topic\":\"confirmation\",\"message\":{\"hash\":\"");
    for (unsigned i = 0; i < 50000; i++)
        text_add(&t, "0123456789");
    text_add(&t, "\",\"confirmation_type\":\"inactive\"}}");
    for (unsigned i = 0; i < 20; i++) {
        fake_publish(&g, "nano.confirmation", t.at);
        cr_expect_str_eq(fake_heard(&g, c), t.at);
    }
    text_free(&t);
}

Test(nano, events_of_any_form_do_no_harm)
{
    const char *const odd[] = {"[]",
                               "{}",
                               "{\"topic\":5}",
                               "{\"message\":[]}",
                               "{\"topic\":\"confirmation\",\"message\":\"x\"}",
                               "{\"topic\":\"vote\",\"message\":{\"type\":{}}}"};
    struct client *d = fake_open(&g, &dialect_nano, PROFILE_NODE, "/", "");

    fake_say(c, "{\"action\":\"subscribe\",\"topic\":\"confirmation\"}");
    fake_say(d, "{\"action\":\"subscribe\",\"topic\":\"confirmation\"}");
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        fake_publish(&g, "nano.confirmation", odd[i]);
        cr_expect_str_eq(fake_heard(&g, c), odd[i]);
        cr_expect_str_neq(fake_heard(&g, d), "");
    }
}
