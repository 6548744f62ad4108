/* Which addresses a Zilliqa server is asked about, in which requests, and what follows from its
 * answers. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/zilliqa_wishes.h"

static struct zilliqa_wishes wishes;
static char asked[64 * 1024]; /* every request and ' ' */
static unsigned requests;

static void note(void *ctx, const char *text, size_t len)
{
    size_t at = strlen(asked);

    (void)ctx;
    cr_expect_leq(len, 2048u);
    cr_expect_eq(strlen(text), len);
    snprintf(asked + at, sizeof asked - at, "%s ", text);
    requests++;
}

static void set_up(void)
{
    asked[0] = '\0';
    requests = 0;
    cr_assert_eq(zilliqa_wishes_init(&wishes, NULL, note, NULL), 0);
}

static void tear_down(void)
{
    zilliqa_wishes_fini(&wishes);
}

TestSuite(zilliqa_wishes, .init = set_up, .fini = tear_down);

static struct zilliqa_address address(unsigned n)
{
    return (struct zilliqa_address){
        .bytes = {(uint8_t)(n >> 8), [ZILLIQA_ADDRESS_BYTES - 1] = (uint8_t)n}};
}

static void want(enum zilliqa_wish wish, unsigned n)
{
    struct zilliqa_address a = address(n);

    cr_assert_eq(zilliqa_wishes_add(&wishes, wish, &a), 0);
}

static void unwant(enum zilliqa_wish wish, unsigned n)
{
    struct zilliqa_address a = address(n);

    zilliqa_wishes_remove(&wishes, wish, &a);
}

static const char *refuse(const char *text)
{
    return zilliqa_wishes_answer(&wishes, text, strlen(text), 0);
}

static void agree(unsigned times)
{
    while (times-- > 0)
        cr_expect_null(zilliqa_wishes_answer(&wishes, NULL, 0, 0));
}

/* What was asked since the last call. */
static void expect_asked(const char *wanted)
{
    cr_expect_str_eq(asked, wanted);
    asked[0] = '\0';
}

#define BLOCKS "{\"query\":\"NewBlock\"} "
#define ONE "\"0x0000000000000000000000000000000000000001\""
#define TWO "\"0x0000000000000000000000000000000000000002\""
#define EVENTS_OF(list) "{\"query\":\"EventLog\",\"addresses\":[" list "]} "
#define WALLET_OF(list) "{\"query\":\"TxnLog\",\"addresses\":[" list "]} "

Test(zilliqa_wishes, blocks_are_asked_for_and_then_every_address_alone)
{
    want(ZILLIQA_EVENTS, 1);
    want(ZILLIQA_EVENTS, 2);
    expect_asked("");
    zilliqa_wishes_begin(&wishes, 0);
    expect_asked(BLOCKS EVENTS_OF(ONE) EVENTS_OF(TWO));
}

Test(zilliqa_wishes, what_is_wanted_twice_is_asked_for_once)
{
    zilliqa_wishes_begin(&wishes, 0);
    want(ZILLIQA_EVENTS, 1);
    want(ZILLIQA_EVENTS, 1);
    want(ZILLIQA_TRANSACTIONS, 1);
    expect_asked(BLOCKS EVENTS_OF(ONE) WALLET_OF(ONE));
}

Test(zilliqa_wishes, known_contracts_go_together_on_the_next_connection)
{
    zilliqa_wishes_begin(&wishes, 0);
    want(ZILLIQA_EVENTS, 1);
    want(ZILLIQA_EVENTS, 2);
    agree(3);
    zilliqa_wishes_lost(&wishes);
    asked[0] = '\0';
    zilliqa_wishes_begin(&wishes, 0);
    cr_expect_eq(requests, 3u + 2);
    cr_expect_not_null(strstr(asked, ONE));
    cr_expect_not_null(strstr(asked, TWO));
}

Test(zilliqa_wishes, what_is_no_contract_is_asked_again_after_an_hour)
{
    zilliqa_wishes_begin(&wishes, 0);
    want(ZILLIQA_EVENTS, 1);
    agree(1);
    cr_expect_null(refuse("no contract found in list"));
    zilliqa_wishes_lost(&wishes);
    asked[0] = '\0';
    zilliqa_wishes_begin(&wishes, 1);
    expect_asked(BLOCKS);
    agree(1);
    zilliqa_wishes_tick(&wishes, ZILLIQA_KNOWN_MS - 1000);
    expect_asked("");
    zilliqa_wishes_tick(&wishes, ZILLIQA_KNOWN_MS + 700 * 1000);
    expect_asked(EVENTS_OF(ONE));
}

Test(zilliqa_wishes, only_so_many_requests_wait_for_their_answers)
{
    for (unsigned n = 0; n < 100; n++)
        want(ZILLIQA_EVENTS, n);
    zilliqa_wishes_begin(&wishes, 0);
    cr_expect_eq(requests, (unsigned)ZILLIQA_UNANSWERED_MAX);
    agree(1);
    cr_expect_eq(requests, ZILLIQA_UNANSWERED_MAX + 1u);
    agree(100);
    cr_expect_eq(requests, 101u);
}

Test(zilliqa_wishes, a_server_that_does_not_answer_is_asked_on)
{
    for (unsigned n = 0; n < 30; n++)
        want(ZILLIQA_EVENTS, n);
    zilliqa_wishes_begin(&wishes, 0);
    zilliqa_wishes_tick(&wishes, ZILLIQA_ANSWER_MS);
    cr_expect_eq(requests, 31u);
}

Test(zilliqa_wishes, an_error_that_a_person_should_see_comes_back)
{
    zilliqa_wishes_begin(&wishes, 0);
    cr_expect_str_eq(refuse("invalid query field"), "NewBlock");
    cr_expect_not_null(refuse("out of turn"), "nothing was asked");
}

Test(zilliqa_wishes, an_address_may_go_while_it_is_being_asked_about)
{
    zilliqa_wishes_begin(&wishes, 0);
    want(ZILLIQA_EVENTS, 1);
    unwant(ZILLIQA_EVENTS, 1);
    unwant(ZILLIQA_EVENTS, 1);
    agree(2);
    want(ZILLIQA_EVENTS, 1);
    cr_expect_eq(requests, 3u, "it was forgotten");
}

Test(zilliqa_wishes, a_connection_is_outgrown_when_most_of_it_is_wanted_no_more)
{
    zilliqa_wishes_begin(&wishes, 0);
    cr_expect_not(zilliqa_wishes_outgrown(&wishes));
    for (unsigned n = 0; n < 4; n++)
        want(ZILLIQA_EVENTS, n);
    agree(5);
    unwant(ZILLIQA_EVENTS, 0);
    unwant(ZILLIQA_EVENTS, 1);
    cr_expect_not(zilliqa_wishes_outgrown(&wishes), "half");
    unwant(ZILLIQA_EVENTS, 2);
    cr_expect(zilliqa_wishes_outgrown(&wishes));
    zilliqa_wishes_lost(&wishes);
    zilliqa_wishes_begin(&wishes, 0);
    cr_expect_not(zilliqa_wishes_outgrown(&wishes));
}
