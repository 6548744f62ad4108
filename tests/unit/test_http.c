/* The plain HTTP answers on the clients' port. */
#include "gateway/http.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "common/json_span.h"
#include "tests/support/fake_client.h"
#include "tests/support/leaks.h"

enum { WORKERS = 2 };

static struct fake_gateway g;
static struct counters workers[WORKERS];
static struct http_sources sources;
static struct http_answer a;

static void set_up(void)
{
    fake_gateway_start(&g, FAKE_FLAGS("--class", "book=depth.*"));
    workers[0].link_ready = workers[1].link_ready = 1;
    sources = (struct http_sources){.settings = &g.settings,
                                    .host = &g.host,
                                    .hub = g.hub,
                                    .workers = workers,
                                    .n_workers = WORKERS};
}

static void tear_down(void)
{
    text_free(&a.body);
    fake_gateway_stop(&g);
    no_leaks();
}

static void get(const char *path)
{
    text_free(&a.body);
    a = http_get(&sources, path, false);
    cr_assert_not(a.body.failed);
    cr_assert_not_null(a.content_type);
}

static void listen_to(const char *stream)
{
    struct client *c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "");
    char text[300];

    snprintf(text, sizeof text, "{\"method\":\"SUBSCRIBE\",\"params\":[\"%s\"],\"id\":1}", stream);
    fake_say(c, text);
}

TestSuite(http, .init = set_up, .fini = tear_down);

Test(http, it_is_healthy_while_it_answers_at_all)
{
    workers[0].link_ready = 0;
    g.host.draining = true;
    get("/healthz");
    cr_expect_eq(a.status, 200);
    cr_expect_str_eq(a.body.at, "ok\n");
}

Test(http, it_is_ready_while_every_workers_link_hears)
{
    get("/readyz");
    cr_expect_eq(a.status, 200);
    workers[1].link_ready = 0;
    get("/readyz");
    cr_expect_eq(a.status, 503);
    cr_expect_not_null(strstr(a.body.at, "Redis"));
    cr_expect_not_null(a.headers[0]);
    cr_expect_eq(strncmp(a.headers[0], "retry-after: ", 13), 0);
}

Test(http, it_is_not_ready_while_it_drains)
{
    g.host.draining = true;
    get("/readyz");
    cr_expect_eq(a.status, 503);
    cr_expect_not_null(strstr(a.body.at, "draining"));
}

Test(http, metrics_are_those_of_all_workers)
{
    workers[0].deliveries = 3;
    workers[1].deliveries = 4;
    get("/metrics");
    cr_expect_eq(a.status, 200);
    cr_expect_str_eq(a.content_type, "text/plain; version=0.0.4");
    cr_expect_not_null(strstr(a.body.at, "\nsluice_deliveries_total 7\n"));
}

Test(http, streams_are_those_with_listeners_here)
{
    get("/streams");
    cr_expect_str_eq(a.body.at, "{\"streams\":0,\"listening\":[],\"published\":\"unknown\"}\n");
    listen_to("depth.A");
    listen_to("depth.A");
    fake_publish(&g, "depth.A", "{}");
    get("/streams");
    cr_expect_str_eq(a.content_type, "application/json");
    cr_expect_str_eq(a.body.at, "{\"streams\":1,\"listening\":[{\"stream\":\"depth.A\",\"class\":"
                                "\"book\",\"listeners\":2,\"messages\":1}],\"published\":"
                                "\"unknown\"}\n");
}

Test(http, very_many_streams_are_counted_and_the_first_thousand_shown)
{
    struct json_value root, listening;
    struct client *c = fake_open(&g, &dialect_exchange, PROFILE_DOC, "/", "");
    char text[100];
    int n = 0;

    g.settings.max_subscriptions = 2000;
    for (int i = 0; i < 1001; i++) {
        snprintf(text, sizeof text, "{\"method\":\"SUBSCRIBE\",\"params\":[\"s%d\"],\"id\":1}", i);
        fake_say(c, text);
    }
    get("/streams");
    cr_assert_eq(json_check(a.body.at, a.body.len, JSON_STRICT, &root, NULL), 0);
    listening = json_member(root, "listening", JSON_STRICT);
    for (struct json_iter it = json_iter(listening, JSON_STRICT); json_next(&it);)
        n++;
    cr_expect_eq(n, 1000);
    cr_expect_eq(strncmp(a.body.at, "{\"streams\":1001,", 16), 0);
}

Test(http, the_root_says_what_this_is_and_any_other_path_is_not_found)
{
    get("/");
    cr_expect_eq(a.status, 200);
    cr_expect_not_null(strstr(a.body.at, "sluice " SLUICE_VERSION));
    get("/metrics/");
    cr_expect_eq(a.status, 404);
    get("");
    cr_expect_eq(a.status, 404);
}

Test(http, refusals_are_one_line_of_text)
{
    a = http_plain(400, "no");
    cr_expect_eq(a.status, 400);
    cr_expect_str_eq(a.body.at, "no\n");
    cr_expect_null(a.headers[0]);
    text_free(&a.body);
    a = http_plain(429, "later");
    cr_expect_not_null(a.headers[0]);
}
