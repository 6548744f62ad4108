/* test_credentials.c - where a token stands in a handshake, and which subprotocol is agreed to. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/credentials.h"

static void is(struct span got, const char *expected)
{
    cr_expect(got.len == strlen(expected) && memcmp(got.at, expected, got.len) == 0, "%.*s, not %s",
              (int)got.len, got.at, expected);
}

Test(credentials, in_a_header)
{
    is(credentials_in_authorization("Bearer abc.def"), "abc.def");
    is(credentials_in_authorization("bearer   abc "), "abc");
    is(credentials_in_authorization("Basic abc"), "");
    is(credentials_in_authorization("Bearer"), "");
    is(credentials_in_authorization("Bearer "), "");
    is(credentials_in_authorization(""), "");
}

Test(credentials, in_a_query_beside_other_arguments)
{
    is(credentials_in_query("token=abc"), "abc");
    is(credentials_in_query("profile=node&token=abc&x=y"), "abc");
    is(credentials_in_query("mytoken=abc"), "");
    is(credentials_in_query("token"), "");
    is(credentials_in_query("&&token=&token=abc"), "");
}

Test(credentials, in_a_list_of_subprotocols)
{
    is(credentials_in_subprotocols("bearer.abc"), "abc");
    is(credentials_in_subprotocols("sluice ,bearer.abc, x"), "abc");
    is(credentials_in_subprotocols("bearer, xbearer.abc"), "");
}

static void chooses(const char *offered, const char *expected)
{
    char chosen[SUBPROTOCOL_MAX + 1];

    cr_expect(subprotocol_choose(offered, chosen), "%s", offered);
    cr_expect_str_eq(chosen, expected);
}

Test(credentials, the_first_subprotocol_that_is_no_token_is_agreed_to)
{
    chooses("", "");
    chooses(" , ", "");
    chooses("a, b", "a");
    chooses("bearer.abc, b, c", "b");
    chooses("bearer.abc", "bearer.abc");
}

Test(credentials, what_libwebsockets_could_not_take_is_refused)
{
    char chosen[SUBPROTOCOL_MAX + 1], name[SUBPROTOCOLS_MAX + 2];

    memset(name, 'x', sizeof name);
    name[SUBPROTOCOL_MAX] = '\0';
    chooses(name, name);
    name[SUBPROTOCOL_MAX] = 'x';
    name[SUBPROTOCOL_MAX + 1] = '\0';
    cr_expect_not(subprotocol_choose(name, chosen));
    memset(name, ',', SUBPROTOCOLS_MAX + 1);
    name[SUBPROTOCOLS_MAX + 1] = '\0';
    cr_expect_not(subprotocol_choose(name, chosen));
}
