/* What a gateway counts, and its rendering: valid Prometheus text, summed over the workers. */
#include "gateway/counters.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/close_reason.h"

enum { WORKERS = 3, SERIES_MAX = 1000, SERIES_LEN = 160 };

static struct counters workers[WORKERS];
static struct stream_classes classes;
static struct text out;

static void set_up(void)
{
    static char *values[] = {(char *)(uintptr_t) "book=depth.*"};
    char error[STREAM_CLASS_ERROR_MAX];

    stream_classes_parse(&(struct setting_list){.items = values, .n = 1}, &classes, error);
}

static void tear_down(void)
{
    text_free(&out);
}

static void render(unsigned n)
{
    text_free(&out);
    counters_render(workers, n, &classes, &out);
    cr_assert_not(out.failed);
}

static void expect_line(const char *line)
{
    char whole[300];

    snprintf(whole, sizeof whole, "\n%s\n", line);
    cr_expect_not_null(strstr(out.at, whole), "'%s' is not in\n%s", line, out.at);
}

TestSuite(counters, .init = set_up, .fini = tear_down);

/* ---- a reader of the text format, strict where ours must be ---- */

static struct {
    char metric[100], type[20]; /* described last */
    char described[100][100], series[SERIES_MAX][SERIES_LEN];
    int n_described, n_series;
} reader;

static size_t name_length(const char *text)
{
    size_t n = 0;

    while (isalnum((unsigned char)text[n]) || text[n] == '_')
        n++;
    return n;
}

static void read_help(const char *line)
{
    size_t len = name_length(line);

    cr_assert(len > 0 && line[len] == ' ' && line[len + 1], "HELP %s", line);
    cr_expect_null(strchr(line, '\\'));
    snprintf(reader.metric, sizeof reader.metric, "%.*s", (int)len, line);
    for (int i = 0; i < reader.n_described; i++)
        cr_assert_str_neq(reader.described[i], reader.metric);
    strcpy(reader.described[reader.n_described++], reader.metric);
    reader.type[0] = '\0';
}

static void read_type(const char *line)
{
    size_t len = strlen(reader.metric);

    cr_assert(strncmp(line, reader.metric, len) == 0 && line[len] == ' ', "TYPE %s", line);
    snprintf(reader.type, sizeof reader.type, "%s", line + len + 1);
    cr_assert(strcmp(reader.type, "gauge") == 0 || strcmp(reader.type, "counter") == 0 ||
              strcmp(reader.type, "histogram") == 0);
    if (strcmp(reader.type, "counter") == 0)
        cr_expect(strcmp(reader.metric + len - 6, "_total") == 0, "%s", reader.metric);
}

/* {a="b",c="d"} */
static const char *read_labels(const char *at)
{
    do {
        size_t len = name_length(++at);
        cr_assert(len > 0 && at[len] == '=' && at[len + 1] == '"', "label %s", at);
        at += len + 2;
        at += strcspn(at, "\"\\\n");
        cr_assert_eq(*at++, '"');
    } while (*at == ',');
    cr_assert_eq(*at, '}');
    return at + 1;
}

static void read_sample(const char *line)
{
    size_t len = name_length(line), described = strlen(reader.metric);
    const char *at = line + len, *rest = line + described;
    char *end;

    cr_assert_eq(strncmp(line, reader.metric, described), 0, "%s was not described", line);
    cr_assert_neq(reader.type[0], '\0');
    if (strcmp(reader.type, "histogram") == 0)
        cr_assert(strncmp(rest, "_bucket{", 8) == 0 || strncmp(rest, "_sum ", 5) == 0 ||
                  strncmp(rest, "_count ", 7) == 0);
    else
        cr_assert_eq(len, described);
    if (*at == '{')
        at = read_labels(at);
    cr_assert_eq(*at, ' ');
    cr_assert_lt((size_t)(at - line), (size_t)SERIES_LEN);
    snprintf(reader.series[reader.n_series], SERIES_LEN, "%.*s", (int)(at - line), line);
    for (int i = 0; i < reader.n_series; i++)
        cr_assert_str_neq(reader.series[i], reader.series[reader.n_series]);
    reader.n_series++;
    (void)strtod(at + 1, &end);
    cr_assert(end > at + 1 && *end == '\0', "no number: %s", line);
}

Test(counters, they_are_rendered_as_valid_prometheus_text)
{
    render(WORKERS);
    cr_expect_eq(out.at[out.len - 1], '\n');
    for (char *save = NULL, *line = strtok_r(out.at, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "# HELP ", 7) == 0)
            read_help(line + 7);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            read_type(line + 7);
        else
            read_sample(line);
    }
    cr_expect_gt(reader.n_series, 50);
}

/* ---- what it says ---- */

Test(counters, every_value_is_the_sum_of_the_workers)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].clients = 10 + i;
        workers[i].of_class[0].messages = 100;
        workers[i].of_class[1].dropped_bad = i;
        workers[i].closes[CLOSE_slow_reader] = 1;
    }
    workers[2].deliveries = UINT64_C(10000000000000);
    render(WORKERS);
    expect_line("sluice_clients 33");
    expect_line("sluice_deliveries_total 10000000000000");
    expect_line("sluice_messages_total{class=\"book\"} 300");
    expect_line("sluice_messages_total{class=\"other\"} 0");
    expect_line("sluice_dropped_messages_total{class=\"other\",reason=\"bad\"} 3");
    expect_line("sluice_dropped_messages_total{class=\"book\",reason=\"bad\"} 0");
    expect_line("sluice_closes_total{reason=\"slow_reader\"} 3");
    render(1);
    expect_line("sluice_clients 10");
}

Test(counters, every_reason_to_close_but_none_has_its_line)
{
    char line[100];

    for (int i = 1; i < CLOSE_REASON_COUNT; i++)
        workers[0].closes[i] = (uint64_t)i;
    render(1);
    for (int i = 1; i < CLOSE_REASON_COUNT; i++) {
        snprintf(line, sizeof line, "sluice_closes_total{reason=\"%s\"} %d", close_reasons[i].name,
                 i);
        expect_line(line);
    }
    cr_expect_null(strstr(out.at, "reason=\"none\""));
}

Test(counters, reasons_have_texts_that_fit_into_a_close_frame)
{
    for (int i = 0; i < CLOSE_REASON_COUNT; i++) {
        cr_expect_leq(strlen(close_reasons[i].text), 123u);
        cr_expect(close_reasons[i].code == 0 ||
                      (close_reasons[i].code >= 1000 && close_reasons[i].code < 5000),
                  "%s", close_reasons[i].name);
    }
}

Test(counters, latency_is_counted_up_from_bucket_to_bucket)
{
    static const uint64_t times[] = {0, 500, 501, 1000, 5000000, 5000001, 60000000};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        counters_latency(&workers[i % 2], times[i]);
    render(2);
    expect_line("sluice_publish_to_write_seconds_bucket{le=\"0.0005\"} 2");
    expect_line("sluice_publish_to_write_seconds_bucket{le=\"0.001\"} 4");
    expect_line("sluice_publish_to_write_seconds_bucket{le=\"0.0025\"} 4");
    expect_line("sluice_publish_to_write_seconds_bucket{le=\"5\"} 5");
    expect_line("sluice_publish_to_write_seconds_bucket{le=\"+Inf\"} 7");
    expect_line("sluice_publish_to_write_seconds_count 7");
    expect_line("sluice_publish_to_write_seconds_sum 70.002002");
}

Test(counters, a_worker_that_has_died_leaves_its_counts_but_not_its_present)
{
    memset(&workers[0], 0, sizeof workers[0]);
    workers[0].clients = workers[0].queued_bytes = workers[0].link_ready = 5;
    workers[0].deliveries = workers[0].of_class[0].messages = 7;
    counters_clear_gauges(&workers[0]);
    render(1);
    expect_line("sluice_clients 0");
    expect_line("sluice_queued_bytes 0");
    expect_line("sluice_redis_links_ready 0");
    expect_line("sluice_deliveries_total 7");
    expect_line("sluice_messages_total{class=\"book\"} 7");
}
