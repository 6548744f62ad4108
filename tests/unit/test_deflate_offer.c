/* What is offered for permessage-deflate, and whether we can keep it. */
#include "gateway/deflate_offer.h"

#include <criterion/criterion.h>

static struct deflate_offer last;

static void expect(const char *header, unsigned n, bool usable, bool resets)
{
    cr_expect_eq(deflate_offers(header, &last), n, "%s", header);
    cr_expect_eq(last.usable, usable, "%s", header);
    cr_expect_eq(last.client_no_context_takeover, resets, "%s", header);
}

Test(deflate_offer, offers_that_we_can_keep)
{
    expect("permessage-deflate", 1, true, false);
    expect(" permessage-deflate ", 1, true, false);
    expect("permessage-deflate; client_max_window_bits", 1, true, false);
    expect("permessage-deflate;client_max_window_bits=15", 1, true, false);
    expect("permessage-deflate; client_max_window_bits = 8", 1, true, false);
    expect("permessage-deflate; server_no_context_takeover", 1, true, false);
    expect("permessage-deflate; client_no_context_takeover", 1, true, true);
}

Test(deflate_offer, a_smaller_window_of_ours_and_what_is_unknown_or_wrong_or_twice_is_not_usable)
{
    expect("permessage-deflate; server_max_window_bits=15", 1, false, false);
    expect("permessage-deflate; server_max_window_bits", 1, false, false);
    expect("permessage-deflate; mystery=1", 1, false, false);
    expect("permessage-deflate; server_no_context_takeover=1", 1, false, false);
    expect("permessage-deflate; client_max_window_bits=16", 1, false, false);
    expect("permessage-deflate; client_max_window_bits=08", 1, false, false);
    expect("permessage-deflate; client_max_window_bits; client_max_window_bits", 1, false, false);
    expect("permessage-deflate; Client_No_Context_Takeover", 1, false, false);
}

Test(deflate_offer, of_several_the_last_one_is_told)
{
    expect("permessage-deflate; mystery, permessage-deflate", 2, true, false);
    expect("permessage-deflate, permessage-deflate; mystery", 2, false, false);
    expect("a, permessage-deflate;client_no_context_takeover , b; c=d,, e", 1, true, true);
}

Test(deflate_offer, nothing_is_offered)
{
    expect("", 0, false, false);
    expect("other", 0, false, false);
    expect("permessage-deflates", 0, false, false);
    expect("Permessage-Deflate", 0, false, false);
}

Test(deflate_offer, where_the_header_is_broken_nothing_is)
{
    static const char *const broken[] = {
        ";",
        "permessage-deflate;",
        "permessage-deflate; a=",
        "permessage-deflate; a=\"b\"",
        "permessage deflate",
        "permessage-deflate x",
        "permessage-deflate, ;",
        "permessage-deflate\t, permessage-deflate",
        "permessage-deflate; a b",
    };

    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        cr_expect_eq(deflate_offers(broken[i], &last), 0u, "%s", broken[i]);
}
