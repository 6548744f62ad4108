/* Recorded events: their pace with the time as an argument, the progress line, and the source. */
#include <errno.h>

#include "publisher/sources/pace.h"
#include "publisher/sources/progress.h"
#include "source_harness.h"

enum { SECOND = 1000000 };

/* ---- pace ------------------------------------------------------------------------------------ */

Test(pace, the_first_event_is_due_at_once_and_the_next_as_much_later_as_it_was_recorded)
{
    struct pace p;

    pace_init(&p, 1);
    cr_expect_eq(pace_wait(&p, 1700000000000, 5 * SECOND), 0u);
    cr_expect_eq(pace_wait(&p, 1700000000250, 5 * SECOND), 250000u);
    cr_expect_eq(pace_wait(&p, 1700000000250, 5 * SECOND + 200000), 50000u);
    cr_expect_eq(pace_wait(&p, 1700000000250, 5 * SECOND + 250000), 0u);
}

Test(pace, speed_divides_the_waits)
{
    struct pace p;

    pace_init(&p, 10);
    pace_wait(&p, 1000, 0);
    cr_expect_eq(pace_wait(&p, 2000, 0), 100000u);
    pace_init(&p, 0.5);
    pace_wait(&p, 1000, 0);
    cr_expect_eq(pace_wait(&p, 2000, 0), 2000000u);
}

Test(pace, what_is_late_is_due_at_once_and_the_rest_keeps_to_the_recording)
{
    struct pace p;

    pace_init(&p, 1);
    pace_wait(&p, 0, 0);
    cr_expect_eq(pace_wait(&p, 1000, 3 * SECOND), 0u);
    cr_expect_eq(pace_wait(&p, 4000, 3 * SECOND), (uint64_t)SECOND);
}

Test(pace, an_earlier_time_than_the_first_is_due_at_once)
{
    struct pace p;

    pace_init(&p, 1);
    pace_wait(&p, 5000, 0);
    cr_expect_eq(pace_wait(&p, 1000, 0), 0u);
}

Test(pace, at_full_speed_nothing_waits)
{
    struct pace p;

    pace_init(&p, PACE_MAX);
    pace_wait(&p, 0, 0);
    cr_expect_eq(pace_wait(&p, 1000000, 0), 0u);
}

Test(pace, the_longest_wait_is_cut_not_wrapped)
{
    struct pace p;

    pace_init(&p, PACE_SPEED_LEAST);
    pace_wait(&p, 0, 0);
    cr_expect_eq(pace_wait(&p, (int64_t)1 << 53, 0), (uint64_t)24 * 3600 * SECOND);
}

Test(pace, a_speed_is_a_number_in_its_range_or_max)
{
    static const char *const bad[] = {"", "0", "-1", "nan", "inf", "0x10", "1e9", "2x", "1.2.3"};
    double speed = -1;

    cr_expect_eq(pace_parse("max", &speed), 0);
    cr_expect_eq(speed, PACE_MAX);
    cr_expect_eq(pace_parse("0.5", &speed), 0);
    cr_expect_eq(speed, 0.5);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(pace_parse(bad[i], &speed), -EINVAL, "'%s'", bad[i]);
}

/* ---- progress -------------------------------------------------------------------------------- */

Test(progress, says_how_many_how_fast_and_how_long_still)
{
    struct progress p;
    char line[PROGRESS_MAX];

    progress_init(&p, 0);
    cr_expect_not(progress_due(&p, SECOND / 4));
    cr_expect(progress_due(&p, SECOND));
    progress_line(&p, 5000, 250, 1000, 2 * SECOND, line);
    cr_expect_str_eq(line, "5000 events, 2500/s, 25%, 0:06 left");
    cr_expect_not(progress_due(&p, 2 * SECOND));
    progress_line(&p, 6000, 500, 1000, 4 * SECOND, line);
    cr_expect_str_eq(line, "6000 events, 500/s, 50%, 0:04 left");
}

Test(progress, a_replay_without_end_has_no_time_left)
{
    struct progress p;
    char line[PROGRESS_MAX];

    progress_init(&p, 0);
    progress_line(&p, 10, 5, 0, SECOND, line);
    cr_expect_str_eq(line, "10 events, 10/s");
}

/* ---- the source ------------------------------------------------------------------------------ */

static const char three[] = "{\"time\":1000,\"stream\":\"s\",\"data\":1}\n"
                            "{\"time\":1020,\"stream\":\"s\",\"data\":2}\n"
                            "{\"time\":1040,\"stream\":\"s\",\"data\":3}\n";

TestSuite(replay, .init = harness_set_up, .fini = harness_tear_down);

Test(replay, hands_over_every_event_in_order_and_ends)
{
    harness_write("w", three);
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 3 ");
    cr_expect(h.source->patient);
}

Test(replay, keeps_to_the_recorded_times)
{
    harness_write("w", three);
    harness_start("replay=", h.path, "");
    uint64_t begun = uv_hrtime();
    harness_until(h.done);
    cr_expect_geq(uv_hrtime() - begun, 40 * 1000000u);
    cr_expect_str_eq(h.events, "1 2 3 ");
    cr_expect_not(h.source->patient, "it is live");
}

Test(replay, events_without_a_time_go_with_those_before_them)
{
    harness_write("w", "{\"stream\":\"s\",\"data\":1}\n{\"stream\":\"s\",\"data\":2}\n");
    harness_start("replay=", h.path, "");
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 ");
}

Test(replay, a_loop_begins_again_at_the_end)
{
    harness_write("w", three);
    harness_start("replay=", h.path, ",loop,speed=1000");
    harness_until(h.n >= 7);
    cr_expect_eq(strncmp(h.events, "1 2 3 1 2 3 1 ", 14), 0, "%s", h.events);
    cr_expect_geq(h.n_again, 2u, "each pass but the first is announced");
    cr_expect_not(h.done);
}

Test(replay, each_pass_of_a_loop_keeps_to_the_recorded_times)
{
    harness_write("w", three);
    harness_start("replay=", h.path, ",loop");
    uint64_t begun = uv_hrtime();
    harness_until(h.n >= 9);
    cr_expect_geq(uv_hrtime() - begun, 3 * 40 * 1000000u);
}

Test(replay, paused_in_the_middle_it_goes_on_where_it_was)
{
    harness_write("w", three);
    h.pause_after = 2;
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.source->paused);
    harness_turns(20);
    cr_expect_str_eq(h.events, "1 2 ");
    harness_resume();
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 3 ");
}

Test(replay, bad_lines_are_reported_with_their_number_and_passed_over)
{
    harness_write("w", "{\"stream\":\"s\",\"data\":1}\nrubbish\n\n{\"stream\":\"s\",\"data\":2}");
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 ");
    cr_expect_eq(h.n_bad, 1u);
    cr_expect_eq(h.bad_line, 2u);
}

Test(replay, a_line_that_is_too_long_is_reported_and_skipped)
{
    harness_write("w", "{\"stream\":\"s\",\"data\":1}\n\"");
    for (int i = 0; i < 3000; i++)
        harness_write("a", "a long, long line which it does not have to keep at all");
    harness_write("a", "\"\n{\"stream\":\"s\",\"data\":2}\n");
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 ");
    cr_expect_eq(h.n_bad, 1u);
    cr_expect_eq(h.bad_line, 2u);
}

Test(replay, an_event_that_the_host_refuses_is_reported_as_bad)
{
    harness_write("w", "{\"stream\":\"abc\",\"data\":1}\n");
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.done);
    cr_expect_eq(h.n_bad, 1u);
    cr_expect_str_eq(h.why, "three letters");
}

Test(replay, a_large_file_arrives_whole)
{
    FILE *file = fopen(h.path, "w");

    for (int i = 0; i < 20000; i++)
        fprintf(file, "{\"stream\":\"s\",\"data\":%d}\n", i);
    fclose(file);
    harness_start("replay=", h.path, ",speed=max");
    harness_until(h.done);
    cr_expect_eq(h.n, 20000u);
    cr_expect_eq(strncmp(h.events, "0 1 2 3 4 5 6 7 8 9 10 11 12 ", 29), 0);
}

Test(replay, may_be_ended_at_any_time)
{
    harness_write("w", three);
    harness_start("replay=", h.path, ",loop");
    harness_until(h.n >= 1);
}

Test(replay, wrong_arguments_are_named)
{
    harness_write("w", three);
    cr_expect_lt(harness_open("replay", "", ""), 0);
    cr_expect_lt(harness_open("replay=", "/nonexistent", ""), 0);
    cr_expect_not_null(strstr(h.error, "No such file"));
    cr_expect_lt(harness_open("replay=", "/", ""), 0);
    cr_expect_not_null(strstr(h.error, "not a regular file"));
    cr_expect_lt(harness_open("replay=", h.path, ",speed=fast"), 0);
    cr_expect_not_null(strstr(h.error, "speed 'fast'"));
    cr_expect_lt(harness_open("replay=", h.path, ",loops"), 0);
    cr_expect_not_null(strstr(h.error, "option 'loops'"));
    cr_expect_lt(harness_open("reply=", h.path, ""), 0);
    cr_expect_not_null(strstr(h.error, "known: lines replay"));
}
