/* Which dialect and profile a request to upgrade gets. */
#include "gateway/route.h"

#include <criterion/criterion.h>
#include <string.h>

#include "gateway/dialects/dialect.h"
#include "tests/support/fake_client.h"

static struct gateway_settings settings;
static struct listen_address listener;

static void set_up(void)
{
    static struct fake_gateway g; /* for its settings only */

    fake_load(&g, FAKE_FLAGS("--streams", "*@trade"));
    settings = g.settings;
}

static void tear_down(void)
{
    gateway_settings_free(&settings);
}

static struct route find(const char *path, const char *query)
{
    return route_find(&settings, &listener, path, query);
}

static const struct dialect *at(const char *path)
{
    return find(path, "").dialect;
}

static enum profile profile(const char *query)
{
    return find("/", query).profile;
}

TestSuite(route, .init = set_up, .fini = tear_down);

Test(route, the_path_decides)
{
    cr_expect_eq(at("/"), &dialect_auto);
    cr_expect_eq(at(""), &dialect_auto);
    cr_expect_eq(at("/ws"), &dialect_auto_ws);
    cr_expect_eq(at("/ws/"), &dialect_auto_ws);
    cr_expect_eq(at("/ws/a@trade"), &dialect_binance);
    cr_expect_eq(at("/ws/0"), &dialect_binance);
    cr_expect_eq(at("/stream"), &dialect_binance);
    cr_expect_eq(at("/stream/"), &dialect_binance);
    cr_expect_eq(at("/stream/stream"), &dialect_binance);
}

Test(route, nothing_is_served_at_other_paths)
{
    static const char *const paths[] = {"/x", "/WS",      "/wsx",   "/w",       "//",
                                        "ws", "/streams", "/strea", "/metrics", "/ws?x"};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct route r = find(paths[i], "");
        cr_expect_null(r.dialect, "%s", paths[i]);
        cr_expect_eq(r.status, 404, "%s", paths[i]);
        cr_expect_neq(r.why[0], '\0');
    }
}

Test(route, a_listeners_own_dialect_is_served_on_any_path)
{
    listener.dialect = &dialect_exchange;
    cr_expect_eq(at("/"), &dialect_exchange);
    cr_expect_eq(at("/ws/a@trade"), &dialect_exchange);
    cr_expect_eq(at("/anything/at/all"), &dialect_exchange);
}

Test(route, what_a_dialect_refuses_is_refused_with_its_reason)
{
    struct route r = find("/ws/secret", "");

    cr_expect_null(r.dialect);
    cr_expect_eq(r.status, 400);
    cr_expect_not_null(strstr(r.why, "secret"), "%s", r.why);
    r = find("/stream", "streams=a@trade/secret");
    cr_expect_eq(r.status, 400);
    r = find("/stream", "streams=a@trade");
    cr_expect_eq(r.dialect, &dialect_binance);
    cr_expect_eq(r.status, 0);
}

Test(route, a_reason_fits_whatever_was_asked_for)
{
    char path[2000];

    memset(path, 'x', sizeof path);
    memcpy(path, "/ws/", 4);
    path[sizeof path - 1] = '\0';
    struct route r = find(path, "");
    cr_expect_eq(r.status, 400);
    cr_expect_lt(strlen(r.why), sizeof r.why);
}

Test(route, the_query_goes_before_the_listener_for_the_profile)
{
    cr_expect_eq(profile(""), PROFILE_DOC);
    cr_expect_eq(profile("profile=node"), PROFILE_NODE);
    cr_expect_eq(profile("streams=a&profile=node&x"), PROFILE_NODE);
    cr_expect_eq(profile("&&profile=node"), PROFILE_NODE);
    listener.profile = PROFILE_NODE;
    cr_expect_eq(profile(""), PROFILE_NODE);
    cr_expect_eq(profile("profile=doc"), PROFILE_DOC);
    cr_expect_eq(profile("profile=doc&profile=node"), PROFILE_DOC, "the first counts");
}

Test(route, what_only_looks_like_a_profile_is_none)
{
    static const char *const queries[] = {
        "profile=nodes",  "profile=nod", "xprofile=node", "profile", "profile=", "Profile=node",
        "a=profile=node", "&",           "&&&",           "x=1&"};

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        cr_expect_eq(profile(queries[i]), PROFILE_DOC, "%s", queries[i]);
}
