/* test_origin.c - which web pages may connect. */
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/origin.h"

static bool allowed(const char *item, const char *origin)
{
    char *items[] = {(char *)item}, error[300];
    struct setting_list list = {items, 1};

    cr_assert_eq(origins_check(&list, error, sizeof error), 0, "%s", error);
    return origin_allowed(&list, origin);
}

Test(origin, an_exact_origin_fits_itself_alone)
{
    cr_expect(allowed("https://example.com", "https://example.com"));
    cr_expect(allowed("https://example.com", "HTTPS://Example.COM"));
    cr_expect(allowed("https://example.com:443", "https://example.com"));
    cr_expect_not(allowed("https://example.com", "http://example.com"));
    cr_expect_not(allowed("https://example.com", "https://example.com:8443"));
    cr_expect_not(allowed("https://example.com", "https://evil.com"));
    cr_expect_not(allowed("https://example.com", "https://example.com.evil.com"));
    cr_expect_not(allowed("https://example.com", "https://evilexample.com"));
}

Test(origin, a_host_alone_fits_any_scheme_and_port)
{
    cr_expect(allowed("example.com", "http://example.com"));
    cr_expect(allowed("example.com", "https://example.com:8443"));
    cr_expect(allowed("localhost:3000", "http://localhost:3000"));
    cr_expect_not(allowed("localhost:3000", "http://localhost:3001"));
    cr_expect(allowed("[::1]", "http://[::1]:8080"));
}

Test(origin, a_star_stands_for_at_least_one_label)
{
    cr_expect(allowed("*.example.com", "https://a.example.com"));
    cr_expect(allowed("*.example.com", "https://a.b.example.com"));
    cr_expect(allowed("https://*.example.com", "https://a.example.com"));
    cr_expect_not(allowed("https://*.example.com", "http://a.example.com"));
    cr_expect_not(allowed("*.example.com", "https://example.com"));
    cr_expect_not(allowed("*.example.com", "https://evilexample.com"));
    cr_expect_not(allowed("*.example.com", "https://a.example.com.evil.com"));
}

Test(origin, what_is_no_origin_fits_nothing)
{
    cr_expect_not(allowed("example.com", "example.com"));
    cr_expect_not(allowed("example.com", "https://example.com/path"));
    cr_expect_not(allowed("example.com", "https://user@example.com"));
    cr_expect_not(allowed("example.com", "://example.com"));
    cr_expect_not(allowed("example.com", ""));
    cr_expect_not(allowed("example.com", "null"));
    cr_expect(allowed("null", "null"));
    cr_expect_not(allowed("null", "https://null"));
}

Test(origin, items_that_mean_nothing_are_refused)
{
    const char *bad[] = {"https://", "*", "*.", "a.*.com", "*.*.com", "https://example.com/x", ""};
    char error[300];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *items[] = {(char *)bad[i]};
        struct setting_list list = {items, 1};
        cr_expect_lt(origins_check(&list, error, sizeof error), 0, "%s", bad[i]);
        cr_expect_eq(strncmp(error, "origins: ", 9), 0);
    }
}
