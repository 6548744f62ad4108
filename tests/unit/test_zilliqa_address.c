/* Addresses of Zilliqa, and sorted sets of them. */
#include "common/zilliqa_address.h"

#include <criterion/criterion.h>
#include <string.h>

static struct zilliqa_address address(const char *hex)
{
    struct zilliqa_address a;

    cr_assert(zilliqa_address_read(hex, strlen(hex), &a), "%s", hex);
    return a;
}

static void is_none(const char *hex)
{
    struct zilliqa_address a;

    cr_expect_not(zilliqa_address_read(hex, strlen(hex), &a), "%s", hex);
}

Test(zilliqa_address, is_read_in_either_case_and_written_in_lower)
{
    struct zilliqa_address a = address("00FFabcDEF0123456789aBcdef0123456789abCD");
    char hex[ZILLIQA_ADDRESS_HEX];

    zilliqa_address_write(&a, hex);
    cr_expect_arr_eq(hex, "00ffabcdef0123456789abcdef0123456789abcd", ZILLIQA_ADDRESS_HEX);
}

Test(zilliqa_address, is_forty_digits_and_nothing_else)
{
    is_none("");
    is_none("00ffabcdef0123456789abcdef0123456789abc");
    is_none("00ffabcdef0123456789abcdef0123456789abcde");
    is_none("0xffabcdef0123456789abcdef0123456789abcd");
    is_none("00ffabcdef0123456789abcdef0123456789abcg");
    is_none("00ffabcdef0123456789abcdef0123456789ab d");
}

Test(zilliqa_address, a_set_is_sorted_and_has_each_once)
{
    static const char *const hex[] = {
        "3333333333333333333333333333333333333333", "1111111111111111111111111111111111111111",
        "ff11111111111111111111111111111111111111", "3333333333333333333333333333333333333333",
        "2222222222222222222222222222222222222222", "0000000000000000000000000000000000000000",
        "1111111111111111111111111111111111111111"};
    struct zilliqa_addresses set = {0};
    struct zilliqa_address a;

    for (size_t i = 0; i < sizeof hex / sizeof *hex; i++) {
        a = address(hex[i]);
        cr_expect_eq(zilliqa_addresses_add(&set, &a), 0);
        cr_expect(zilliqa_addresses_have(&set, &a));
    }
    cr_expect_eq(set.n, 5u);
    for (uint32_t i = 1; i < set.n; i++)
        cr_expect_lt(memcmp(&set.list[i - 1], &set.list[i], sizeof a), 0);
    a = address("4444444444444444444444444444444444444444");
    cr_expect_not(zilliqa_addresses_have(&set, &a));
    zilliqa_addresses_free(&set);
    cr_expect_eq(set.n, 0u);
}
