/* What a publisher answers over HTTP. */
#include "publisher/http.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct publisher_counters counters;
static struct intake intake;
static struct market_data market;
static uv_loop_t loop;
static struct source nano = {.label = "nano=ws://user:secret@host",
                             .status = {.state = SOURCE_LIVE}};
static struct source lines = {.label = "lines", .status = {.state = SOURCE_ENDED}};
static struct http_reply reply;

static void count(void *ctx, struct publisher_counters *into)
{
    (void)ctx;
    *into = counters;
}

static const struct metrics_sources from = {
    .count = count, .intake = &intake, .market = &market, .loop = &loop};

static void set_up(void)
{
    uv_loop_init(&loop);
    list_init(&intake.sources);
    list_append(&intake.sources, &nano.in_intake);
    list_append(&intake.sources, &lines.in_intake);
    counters = (struct publisher_counters){.links = 1, .links_open = 1, .role = PUBLISHER_LEADER};
}

static void tear_down(void)
{
    text_free(&reply.body);
    uv_loop_close(&loop);
    no_leaks();
}

TestSuite(publisher_http, .init = set_up, .fini = tear_down);

static void get(const char *path)
{
    text_free(&reply.body);
    reply = http_reply(&from, path);
}

static void expect(const char *text)
{
    cr_expect(strstr(reply.body.at, text), "no %s in\n%s", text, reply.body.at);
}

Test(publisher_http, it_is_ready_while_all_sources_are_live_or_ended_and_redis_takes_events)
{
    get("/readyz");
    cr_expect_eq(reply.status, 200);
    expect("{\"ready\":true,\"role\":\"leader\",\"epoch\":0,\"redis\":{\"links\":1,\"open\":1}");
    expect("{\"source\":2,\"kind\":\"lines\",\"state\":\"ended\"");
    counters.links_open = 0;
    get("/readyz");
    cr_expect_eq(reply.status, 503);
    expect("{\"ready\":false");
}

Test(publisher_http, a_source_that_is_not_live_is_named_with_the_reason_but_not_its_address)
{
    nano.status.state = SOURCE_CONNECTING;
    strcpy(nano.status.why, "connection \"refused\"");
    get("/readyz");
    cr_expect_eq(reply.status, 503);
    expect("{\"source\":1,\"kind\":\"nano\",\"state\":\"connecting\"");
    expect("\"why\":\"connection \\\"refused\\\"\"}");
    cr_expect_not(strstr(reply.body.at, "secret"));
}

Test(publisher_http, metrics_have_the_counters_by_source_and_by_reason)
{
    counters.events = 7;
    counters.dropped[PUBLISHER_DROP_STANDBY] = 3;
    nano.tally.events = 5;
    nano.status.reconnects = 2;
    market.sink.counts.stale = 4;
    get("/metrics");
    cr_expect_eq(reply.status, 200);
    expect("\nsluice_publisher_events_total 7\n");
    expect("\nsluice_publisher_dropped_events_total{reason=\"standby\"} 3\n");
    expect("\nsluice_publisher_source_events_total{source=\"1\",kind=\"nano\"} 5\n");
    expect("\nsluice_publisher_source_reconnects_total{source=\"1\",kind=\"nano\"} 2\n");
    expect("\nsluice_publisher_source_up{source=\"2\",kind=\"lines\"} 0\n");
    expect("\nsluice_publisher_role{role=\"leader\"} 1\n");
    expect("\nsluice_publisher_market_stale_books_total 4\n");
    cr_expect_not(strstr(reply.body.at, "secret"));
}

Test(publisher_http, the_lag_is_a_histogram_in_seconds)
{
    source_tally_lag(&nano.tally, 1000, 1004000);   /* 4 ms */
    source_tally_lag(&nano.tally, 1000, 1600000);   /* 600 ms */
    source_tally_lag(&nano.tally, 9000, 1600000);   /* from the future */
    source_tally_lag(&nano.tally, 1000, 999000000); /* very late */
    get("/metrics");
    expect(
        "\nsluice_publisher_event_lag_seconds_bucket{source=\"1\",kind=\"nano\",le=\"0.005\"} 2\n");
    expect("\nsluice_publisher_event_lag_seconds_bucket{source=\"1\",kind=\"nano\",le=\"1\"} 3\n");
    expect("\nsluice_publisher_event_lag_seconds_bucket{source=\"1\",kind=\"nano\",le=\"60\"} 3\n");
    expect(
        "\nsluice_publisher_event_lag_seconds_bucket{source=\"1\",kind=\"nano\",le=\"+Inf\"} 4\n");
    expect("\nsluice_publisher_event_lag_seconds_sum{source=\"1\",kind=\"nano\"} 998.604\n");
    expect("\nsluice_publisher_event_lag_seconds_count{source=\"1\",kind=\"nano\"} 4\n");
}

Test(publisher_http, any_path_has_an_answer)
{
    get("/healthz");
    cr_expect_eq(reply.status, 200);
    get("/");
    cr_expect_eq(reply.status, 200);
    get("/x");
    cr_expect_eq(reply.status, 404);
}
