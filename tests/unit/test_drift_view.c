/* Drift's order books: the last value first, nothing twice, nothing going back. The questions to
 * Redis are answered by the test. */
#include <criterion/criterion.h>

#include "gateway/dialects/drift_view.h"
#include "gateway/last_value.h"
#include "tests/support/fake_client.h"

#define SUBSCRIBE                                                                                  \
    "{\"type\":\"subscribe\",\"marketType\":\"perp\",\"channel\":\"orderbook\","                   \
    "\"market\":\"SOL-PERP\"}"
#define STREAM "orderbook_perp_0"
#define ACK                                                                                        \
    "{\"message\":\"Subscribe received for channel: orderbook, market: SOL-PERP, "                 \
    "marketType: perp\"}"
#define BOOK(slot) "{\"channel\":\"" STREAM "\",\"data\":\"{\\\"slot\\\":" #slot "}\"}"

static struct fake_gateway g;
static struct client *c;

/* ---- instead of last_value.c ---------------------------------------------------------------- */

struct last_value {
    last_value_fn *fn;
    void *ctx;
} question;

static int refusal;
static unsigned asked, forgotten;

bool last_value_form_valid(const char *form)
{
    (void)form;
    return true;
}

int last_value_ask(struct last_value_source *from, const char *stream, size_t len,
                   last_value_fn *fn, void *ctx, struct last_value **q)
{
    (void)from;
    (void)stream;
    (void)len;
    asked++;
    if (refusal)
        return refusal;
    question = (struct last_value){fn, ctx};
    *q = &question;
    return 0;
}

void last_value_forget(struct last_value **q)
{
    forgotten += *q != NULL;
    if (*q)
        (*q)->fn = NULL;
    *q = NULL;
}

static void answer(enum last_value_answer kind, const char *bytes)
{
    last_value_fn *fn = question.fn;

    question.fn = NULL;
    cr_assert_not_null(fn, "nothing was asked");
    fn(question.ctx, kind, bytes, bytes ? strlen(bytes) : 0);
}

/* ---- the stage ------------------------------------------------------------------------------ */

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_NO_FLAGS);
    c = fake_open(&g, &dialect_drift, PROFILE_DOC, "/drift", "");
}

static void tear_down(void)
{
    fake_gateway_stop(&g);
}

static void confirm(void)
{
    fake_confirm(&g, STREAM);
}

/* Subscribed, acknowledged, and Redis is being asked. */
static void ask(void)
{
    fake_say(c, SUBSCRIBE);
    cr_assert_str_eq(fake_heard(&g, c), ACK);
    confirm();
    cr_assert_eq(asked, 1u);
}

static void publish(const char *bytes)
{
    fake_publish(&g, STREAM, bytes);
}

#define expect_heard(text) cr_expect_str_eq(fake_heard(&g, c), text)

TestSuite(drift_view, .init = set_up, .fini = tear_down);

Test(drift_view, redis_is_asked_when_the_subscription_is_confirmed_and_not_before)
{
    fake_say(c, SUBSCRIBE);
    cr_expect_eq(asked, 0u);
    confirm();
    cr_expect_eq(asked, 1u);
}

Test(drift_view, the_last_value_comes_before_live_messages_that_were_there_first)
{
    ask();
    publish("{\"slot\":11}");
    publish("{\"slot\":12}");
    expect_heard("");
    answer(LAST_VALUE_IS, "{\"slot\":10}");
    expect_heard(BOOK(10) "\n" BOOK(11) "\n" BOOK(12));
    publish("{\"slot\":13}");
    expect_heard(BOOK(13));
}

Test(drift_view, what_waited_and_is_older_than_the_last_value_is_dropped)
{
    ask();
    publish("5-1 1\n{\"slot\":11}");
    publish("5-2 1\n{\"slot\":12}");
    publish("5-3 1\n{\"slot\":12}");
    answer(LAST_VALUE_IS, "5-2 1\n{\"slot\":12}");
    expect_heard(BOOK(12) "\n" BOOK(12));
    cr_expect_eq(g.counters.of_class[0].dropped_older, 2u);
}

Test(drift_view, without_a_last_value_live_messages_go_on)
{
    ask();
    publish("{\"slot\":11}");
    answer(LAST_VALUE_NONE, NULL);
    expect_heard(BOOK(11));
}

Test(drift_view, a_last_value_that_is_no_order_book_is_none)
{
    ask();
    publish("{\"slot\":11}");
    answer(LAST_VALUE_IS, "5-x\n{}");
    expect_heard(BOOK(11));
    cr_expect_eq(g.counters.of_class[0].dropped_bad, 1u);
}

Test(drift_view, a_lost_answer_is_asked_for_again)
{
    ask();
    answer(LAST_VALUE_LOST, NULL);
    dialects_tick(&g.host);
    cr_expect_eq(asked, 2u);
    answer(LAST_VALUE_IS, "{\"slot\":10}");
    expect_heard(BOOK(10));
    dialects_tick(&g.host);
    cr_expect_eq(asked, 2u);
}

Test(drift_view, a_lost_answer_is_not_needed_when_newer_messages_waited)
{
    ask();
    publish("{\"slot\":11}");
    answer(LAST_VALUE_LOST, NULL);
    expect_heard(BOOK(11));
    dialects_tick(&g.host);
    cr_expect_eq(asked, 1u);
}

Test(drift_view, while_redis_cannot_be_asked_live_messages_pass_and_then_nothing_is_asked)
{
    refusal = -ENOTCONN;
    ask();
    dialects_tick(&g.host);
    cr_expect_eq(asked, 2u);
    publish("{\"slot\":11}");
    expect_heard(BOOK(11));
    dialects_tick(&g.host);
    cr_expect_eq(asked, 2u);
}

Test(drift_view, when_too_much_waits_it_goes_on_without_a_last_value)
{
    char text[100], *lines = NULL;

    ask();
    for (int i = 0; i < DRIFT_HELD_MAX - 1; i++) {
        snprintf(text, sizeof text, "{\"slot\":%d}", i);
        publish(text);
    }
    expect_heard("");
    publish("{\"slot\":99}");
    lines = strstr(fake_heard(&g, c), BOOK(99));
    cr_expect_not_null(lines);
    cr_expect_eq(forgotten, 1u);
}

Test(drift_view, an_order_book_going_back_is_dropped_and_an_equal_slot_passes)
{
    ask();
    answer(LAST_VALUE_NONE, NULL);
    publish("{\"slot\":300}");
    publish("{\"slot\":299}");
    publish("{\"slot\":300}");
    publish("{\"other\":1}");
    publish("{\"slot\":301}");
    expect_heard(BOOK(300) "\n" BOOK(300) "\n{\"channel\":\"" STREAM
                                          "\",\"data\":\"{\\\"other\\\":1}\"}\n" BOOK(301));
}

Test(drift_view, a_chain_that_began_anew_goes_back)
{
    ask();
    answer(LAST_VALUE_NONE, NULL);
    publish("5-1 1000000\n{\"slot\":300}");
    publish("6-1 2000000\n{\"slot\":1}");
    expect_heard(BOOK(300));
    publish("6-2 11000001\n{\"slot\":2}");
    publish("6-3 11000002\n{\"slot\":3}");
    expect_heard(BOOK(2) "\n" BOOK(3));
    publish("6-4 99000000\n{\"slot\":1}");
    expect_heard("");
}

Test(drift_view, after_a_lost_link_redis_is_asked_again_and_only_news_is_given)
{
    ask();
    answer(LAST_VALUE_IS, "{\"slot\":10}");
    expect_heard(BOOK(10));
    fake_lose_link(&g);
    confirm();
    cr_assert_eq(asked, 2u);
    answer(LAST_VALUE_IS, "{\"slot\":10}");
    expect_heard("");
    fake_lose_link(&g);
    confirm();
    publish("{\"slot\":12}");
    answer(LAST_VALUE_IS, "{\"slot\":11}");
    expect_heard(BOOK(11) "\n" BOOK(12));
}

Test(drift_view, a_link_lost_while_asking_gives_what_waited_and_asks_anew)
{
    ask();
    publish("{\"slot\":11}");
    fake_lose_link(&g);
    confirm();
    cr_expect_eq(asked, 2u);
    cr_expect_eq(forgotten, 1u);
    expect_heard(BOOK(11));
    answer(LAST_VALUE_IS, "{\"slot\":12}");
    expect_heard(BOOK(12));
}

Test(drift_view, who_joins_later_gets_what_was_sent_last)
{
    ask();
    answer(LAST_VALUE_IS, "{\"slot\":10}");
    publish("{\"slot\":11}");
    expect_heard(BOOK(10) "\n" BOOK(11));
    c = fake_open(&g, &dialect_drift, PROFILE_DOC, "/drift", "");
    fake_say(c, SUBSCRIBE);
    expect_heard(ACK "\n" BOOK(11));
    cr_expect_eq(asked, 1u);
}

Test(drift_view, who_joins_a_stream_that_nobody_keeps_gets_nothing_old)
{
    ask();
    answer(LAST_VALUE_NONE, NULL);
    publish("{\"slot\":11}");
    c = fake_open(&g, &dialect_drift, PROFILE_DOC, "/drift", "");
    fake_say(c, SUBSCRIBE);
    expect_heard(ACK);
}

Test(drift_view, an_answer_that_comes_after_the_last_member_left_goes_nowhere)
{
    ask();
    publish("{\"slot\":11}");
    fake_say(c, "{\"type\":\"unsubscribe\",\"marketType\":\"perp\",\"channel\":\"orderbook\","
                "\"market\":\"SOL-PERP\"}");
    cr_expect_eq(forgotten, 1u);
    cr_expect_null(question.fn);
    expect_heard("");
}
