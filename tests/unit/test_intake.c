/* Who waits when there is too much: sources, backlog and publisher together, without Redis. */
#include <assert.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publisher/intake.h"

enum { EVENTS = 2000, LIMIT = 64 * 1024 };

static uv_loop_t loop;
static struct backlog backlog;
static struct publisher publisher;
static const struct history_rules rules;
static struct intake in;
static char path[64] = "/tmp/sluice-test-XXXXXX", spec[128], error[SOURCE_ERROR_MAX];

static void set_up(void)
{
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");

    for (int i = 1; i <= EVENTS; i++)
        fprintf(file, "{\"stream\":\"s\",\"data\":\"%05d and some more text to take room\"}\n", i);
    fclose(file);
    uv_loop_init(&loop);
    backlog_init(&backlog, LIMIT);
    publisher_init(&publisher, &backlog, &rules);
    intake_init(&in, &loop, &publisher, 1024);
}

static void tear_down(void)
{
    intake_stop(&in);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&loop) == 0); /* every handle is closed; no cr_assert in a .fini */
    backlog_fini(&backlog);
    unlink(path);
}

static void start(const char *before, const char *after)
{
    snprintf(spec, sizeof spec, "%s%s%s", before, path, after);
    cr_assert_eq(intake_open(&in, spec, error), 0, "%s", error);
    intake_start(&in);
}

static void turns(int n, bool open)
{
    while (n-- > 0) {
        intake_turn(&in, open);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
}

static void acknowledge(size_t n)
{
    while (n-- > 0 && backlog.n > 0) {
        bool again;
        backlog_sent(&backlog.loose);
        backlog_ack(&backlog.loose, 0, &again);
    }
}

static void expect_waiting_without_loss(bool open)
{
    turns(100, open);
    uint64_t taken = publisher.events;
    cr_expect(in.throttled);
    cr_expect_lt(taken, (uint64_t)EVENTS);
    cr_expect_gt(backlog.bytes, (size_t)LIMIT / 2);
    cr_expect_lt(backlog.bytes, (size_t)LIMIT / 2 + 300, "one event too many at most");
    acknowledge(backlog.n / 3);
    turns(20, open);
    cr_expect_eq(publisher.events, taken, "it goes on below a quarter, not before");
    while (!intake_done(&in) || backlog.n > 0) {
        acknowledge(backlog.n);
        turns(1, open);
    }
    cr_expect_eq(publisher.events, (uint64_t)EVENTS);
    cr_expect_eq(backlog_dropped(&backlog), 0u);
}

TestSuite(intake, .init = set_up, .fini = tear_down);

Test(intake, while_redis_takes_events_a_live_source_waits_rather_than_lose)
{
    start("replay=", "");
    expect_waiting_without_loss(true);
}

Test(intake, a_patient_source_waits_whether_redis_is_there_or_not)
{
    start("replay=", ",speed=max");
    expect_waiting_without_loss(false);
}

Test(intake, while_redis_is_away_a_live_source_goes_on_and_the_oldest_events_go)
{
    start("replay=", "");
    for (int i = 0; i < 1000 && !intake_done(&in); i++)
        turns(1, false);
    cr_assert(intake_done(&in));
    cr_expect_eq(publisher.events, (uint64_t)EVENTS);
    cr_expect_gt(backlog_dropped(&backlog), 0u);
    cr_expect_eq(backlog_dropped(&backlog) + backlog.n, (uint64_t)EVENTS);
    while (backlog.n > 1)
        acknowledge(1);
    const struct entry *last = backlog_next(&backlog.loose);
    cr_expect_not_null(memmem(entry_data(last), last->data_len, "02000 and", 9),
                       "the newest is kept");
}

Test(intake, a_live_source_that_was_paused_goes_on_when_redis_goes_away)
{
    start("replay=", "");
    turns(100, true);
    cr_expect_lt(publisher.events, (uint64_t)EVENTS);
    for (int i = 0; i < 1000 && !intake_done(&in); i++)
        turns(1, false);
    cr_expect(intake_done(&in));
}

Test(intake, while_another_publisher_leads_nobody_waits)
{
    in.lossy = true;
    start("lines=", "");
    for (int i = 0; i < 1000 && publisher.events < EVENTS; i++)
        turns(1, false);
    cr_expect_eq(publisher.events, (uint64_t)EVENTS);
    cr_expect_gt(backlog_dropped(&backlog), 0u);
}

Test(intake, bad_lines_and_refused_events_are_counted)
{
    FILE *file = fopen(path, "w");

    fputs("rubbish\n{\"stream\":\"_own\",\"data\":1}\n{\"stream\":\"s\",\"data\":1}\n", file);
    fclose(file);
    start("replay=", ",speed=max");
    for (int i = 0; i < 1000 && !intake_done(&in); i++)
        turns(1, true);
    cr_expect_eq(publisher.bad, 2u);
    cr_expect_eq(publisher.events, 1u);
}

Test(intake, the_same_source_cannot_be_given_twice)
{
    start("replay=", "");
    cr_expect_eq(intake_open(&in, spec, error), -EEXIST);
    cr_expect_str_eq(error, "given twice");
}

Test(intake, stopped_it_has_no_sources_and_is_done)
{
    start("replay=", ",loop");
    turns(5, true);
    cr_expect_not(intake_done(&in));
    intake_stop(&in);
    cr_expect(intake_done(&in));
}
