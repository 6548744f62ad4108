/* What a lease is called. */
#include <criterion/criterion.h>

#include <string.h>

#include "publisher/lead_name.h"

static char name[LEASE_NAME_MAX + 1];

#define expect_name(wanted, ...)                                                                   \
    do {                                                                                           \
        char *items[] = {__VA_ARGS__};                                                             \
        struct setting_list list = {items, sizeof items / sizeof *items};                          \
        cr_expect_eq(lead_of_sources(&list, name), 0);                                             \
        cr_expect_str_eq(name, wanted);                                                            \
    } while (0)

Test(lead_name, live_sources_are_named_by_their_kinds_wherever_they_are)
{
    expect_name("nano", "nano=ws://one:7078");
    expect_name("nano", "nano=ws://other:7078", "lines=/tmp/a");
    expect_name("drift+nano", "nano=ws://one", "drift=wss://two,market=SOL-PERP",
                "nano=ws://three");
}

Test(lead_name, lines_and_replays_have_none)
{
    expect_name("", "lines", "lines=tcp://127.0.0.1:9", "replay=a,loop");
}

Test(lead_name, a_name_of_a_lease_is_short_and_plain)
{
    char longest[LEASE_NAME_MAX + 2];

    memset(longest, 'a', sizeof longest);
    longest[LEASE_NAME_MAX + 1] = '\0';
    cr_expect_not(lease_name_valid(longest));
    longest[LEASE_NAME_MAX] = '\0';
    cr_expect(lease_name_valid(longest));
    cr_expect(lease_name_valid("drift+nano.2_a-B"));
    cr_expect_not(lease_name_valid(""));
    cr_expect_not(lease_name_valid("a b"));
    cr_expect_not(lease_name_valid("{a}"));
}
