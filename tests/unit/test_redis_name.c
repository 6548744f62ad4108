/* test_redis_name.c - what streams are called in Redis, and where they lie in a Cluster. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/redis_form.h"
#include "common/redis_name.h"

static const struct redis_naming plain = {.prefix = "sluice:"};
static const struct redis_naming sharded = {.prefix = "sluice:", .sharded = true};

static void is(const struct redis_naming *naming, enum redis_name_kind kind, const char *stream,
               const char *expected)
{
    char buf[REDIS_NAME_MAX + 1];
    size_t len = redis_name(naming, kind, stream, strlen(stream), buf);

    cr_expect_str_eq(buf, expected);
    cr_expect_eq(len, strlen(expected));
}

Test(redis_name, one_redis_has_prefix_and_stream)
{
    is(&plain, REDIS_CHANNEL, "trade.SOL_USDC", "sluice:trade.SOL_USDC");
    is(&plain, REDIS_HISTORY, "trade.SOL_USDC", "sluice:hist:trade.SOL_USDC");
    is(&plain, REDIS_LAST, "trade.SOL_USDC", "sluice:last:trade.SOL_USDC");
}

Test(redis_name, in_a_cluster_the_stream_is_hashed)
{
    is(&sharded, REDIS_CHANNEL, "trade.A", "sluice:{trade.A}trade.A");
    is(&sharded, REDIS_HISTORY, "trade.A", "sluice:{trade.A}hist:trade.A");
    is(&sharded, REDIS_LAST, "trade.A", "sluice:{trade.A}last:trade.A");
}

Test(redis_name, a_block_chain_lies_on_one_slot)
{
    is(&sharded, REDIS_CHANNEL, "injective.block", "sluice:{injective}injective.block");
    is(&sharded, REDIS_CHANNEL, "zilliqa.NewBlock", "sluice:{zilliqa}zilliqa.NewBlock");
    is(&sharded, REDIS_CHANNEL, "injectivex.a", "sluice:{injectivex.a}injectivex.a");
    is(&sharded, REDIS_CHANNEL, "injective", "sluice:{injective}injective");
}

/* CLUSTER KEYSLOT of a Redis 7 says the same. */
Test(redis_name, slots_are_those_of_redis)
{
    cr_expect_eq(redis_slot("bar", 3), 5061);
    cr_expect_eq(redis_slot("foo", 3), 12182);
    cr_expect_eq(redis_slot("123456789", 9), 12739);
    cr_expect_eq(redis_slot("a{foo}b", 7), 12182);
    cr_expect_eq(redis_slot("{}foo", 5), redis_slot("{}foo", 5));
    cr_expect_neq(redis_slot("{}foo", 5), redis_slot("foo", 3));
}

Test(redis_name, every_name_of_a_stream_lies_on_its_slot)
{
    static const char *const streams[] = {"foo", "injective.block", "nano.vote"};

    for (size_t i = 0; i < 3; i++)
        for (enum redis_name_kind kind = REDIS_CHANNEL; kind <= REDIS_LAST; kind++) {
            char buf[REDIS_NAME_MAX + 1];
            size_t n = strlen(streams[i]), len = redis_name(&sharded, kind, streams[i], n, buf);
            cr_expect_eq(redis_slot(buf, len), redis_name_slot(&sharded, streams[i], n));
        }
    cr_expect_eq(redis_name_slot(&plain, "foo", 3), REDIS_NO_SLOT);
}

Test(redis_name, the_longest_name_fits)
{
    char prefix[STREAM_PREFIX_MAX + 1] = {0}, stream[STREAM_NAME_MAX], buf[REDIS_NAME_MAX + 1];

    memset(prefix, 'p', STREAM_PREFIX_MAX);
    memset(stream, 's', sizeof stream);
    struct redis_naming naming = {.prefix = prefix, .sharded = true};
    cr_expect_eq(redis_name(&naming, REDIS_HISTORY, stream, sizeof stream, buf), REDIS_NAME_MAX);
}

static void stream_is(const struct redis_naming *naming, const char *channel, const char *expected)
{
    size_t len = 0;
    const char *stream = redis_name_stream(naming, channel, strlen(channel), &len);

    if (!expected) {
        cr_expect_null(stream, "%s", channel);
        return;
    }
    cr_assert_not_null(stream, "%s", channel);
    cr_expect_eq(len, strlen(expected));
    cr_expect(memcmp(stream, expected, len) == 0, "%s", channel);
}

Test(redis_name, a_channel_tells_its_stream)
{
    stream_is(&plain, "sluice:trade.A", "trade.A");
    stream_is(&sharded, "sluice:{trade.A}trade.A", "trade.A");
    stream_is(&sharded, "sluice:{injective}injective.block", "injective.block");
    stream_is(&plain, "sluice:", NULL);
    stream_is(&plain, "other:trade.A", NULL);
    stream_is(&sharded, "sluice:trade.A", NULL);
    stream_is(&sharded, "sluice:{trade.A}", NULL);
    stream_is(&sharded, "sluice:{trade.A", NULL);
}

Test(redis_form, a_form_is_told_under_the_prefix_and_compared)
{
    char key[REDIS_FORM_KEY_MAX];

    cr_expect_eq(redis_form_key(&plain, key), strlen("sluice:_pubsub"));
    cr_expect_str_eq(key, "sluice:_pubsub");
    cr_expect_str_eq(redis_form(&sharded), "sharded");
    cr_expect(redis_form_differs(&sharded, "plain", 5));
    cr_expect(redis_form_differs(&plain, "sharded", 7));
    cr_expect_not(redis_form_differs(&plain, "plain", 5));
    cr_expect_not(redis_form_differs(&plain, "", 0));
    cr_expect_not(redis_form_differs(&plain, "else", 4));
}
