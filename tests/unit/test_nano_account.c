/* Names of Nano accounts: what the node takes for one, and how it writes them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/nano_account.h"

#define A "1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define A_KEY "69D28CAE7C1C9F586D2C158B89982BA761E6036C919AD7F2C33E75404B4DE368"

static bool reads(const char *text)
{
    struct nano_key key;

    return nano_account_read(text, strlen(text), &key) == 0;
}

static const char *key_of(const char *text)
{
    static char hex[2 * NANO_KEY_BYTES + 1];
    struct nano_key key;

    if (nano_account_read(text, strlen(text), &key) < 0)
        return "none";
    for (size_t i = 0; i < NANO_KEY_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02X", key.bytes[i]);
    return hex;
}

static const char *rewritten(const char *text)
{
    static char name[NANO_ACCOUNT_LEN + 1];
    struct nano_key key;

    if (nano_account_read(text, strlen(text), &key) < 0)
        return "none";
    nano_account_write(&key, name);
    return name;
}

Test(nano_account, a_name_is_read_to_its_key)
{
    cr_expect_str_eq(key_of("nano_" A), A_KEY);
    cr_expect_str_eq(key_of("nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"),
                     "3098F4C0D1D8BD889AF078CDFF81E982B8EFA6D6D8FAE954CF0CDC7A256C3F8B");
}

Test(nano_account, the_least_and_the_greatest_key_have_names)
{
    const char *least = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
    const char *most = "nano_3zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzc3yoon41";

    cr_expect_str_eq(key_of(least),
                     "0000000000000000000000000000000000000000000000000000000000000000");
    cr_expect_str_eq(key_of(most),
                     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
    cr_expect_str_eq(rewritten(least), least);
    cr_expect_str_eq(rewritten(most), most);
}

Test(nano_account, every_prefix_is_read_and_written_as_nano)
{
    const char *const names[] = {"nano_" A, "nano-" A, "xrb_" A, "xrb-" A, "node_" A};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_str_eq(rewritten(names[i]), "nano_" A, "%s", names[i]);
}

Test(nano_account, other_prefixes_are_refused)
{
    const char *const names[] = {"NANO_" A, "nano:" A, "xrp_" A, "node-" A, "ban_" A, A,
                                 "",        "nano",    "nano_",  "xrb_",    "node_"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect(!reads(names[i]), "%s", names[i]);
}

Test(nano_account, a_changed_digit_is_noticed_wherever_it_is)
{
    char name[] = "nano_" A;

    for (size_t i = 5; name[i]; i++) {
        char was = name[i];
        name[i] = was == 'w' ? 'x' : 'w';
        cr_expect(!reads(name), "digit %zu", i);
        name[i] = was;
    }
    cr_expect(reads(name));
}

Test(nano_account, letters_outside_the_alphabet_are_refused)
{
    /* the two accounts of the documentation's example of a filter: each has a 2 */
    cr_expect(!reads("nano_16c4ush661bbn2hxc6iqrunwoyqt95in4hmw6uw7tk37yfyi77s7dyxaw8ce"));
    cr_expect(!reads("nano_3dmtrrws3pocycmbqwawk6xs7446qxa36fcncush4s1pejk16ksbmakis32c"));
    cr_expect(!reads("nano_1TGKJKQ9R96ZD3PKR7EDJ8E4QBU3WR3PS6ETTZSE8HMOA37NURUA7FAUPJHC"));
}

Test(nano_account, lengths_are_exact_but_for_node_names)
{
    cr_expect(!reads("nano_1" A));
    cr_expect(!reads("nano_tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"));
    cr_expect(!reads("xrb_1" A));
    cr_expect_str_eq(rewritten("node_1" A), "nano_" A);
    cr_expect_str_eq(rewritten("node_3" A), "nano_" A);
}

Test(nano_account, the_first_digit_can_only_be_one_or_three)
{
    char name[] = "nano_" A;

    name[5] = '4'; /* a bit above the key: the key and its check stay the same */
    cr_expect(!reads(name));
}

Test(nano_account, a_byte_behind_the_end_is_not_looked_at)
{
    struct nano_key key;

    cr_expect_lt(nano_account_read("nano_" A, NANO_ACCOUNT_LEN - 1, &key), 0);
    cr_expect_eq(nano_account_read("nano_" A "zz", NANO_ACCOUNT_LEN, &key), 0);
}
