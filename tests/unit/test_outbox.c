/* The link to Redis, against a server that answers as the test wants. */
#include "outbox_setup.h"

TestSuite(outbox, .init = set_up, .fini = tear_down);

Test(outbox, events_go_out_in_order_under_the_epoch_that_redis_gave)
{
    publish("a", "1"); /* before there is a link */
    outbox_start(outbox);
    run_until(published() == 1);
    cr_expect(outbox_is_open(outbox));
    publish("b", "2");
    publish("a", "3");
    run_until(published() == 3);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:b 1-1 2 p:a 1-2 3 ");
    cr_expect_eq(fake.n_asked, 1u);
    cr_expect_eq(backlog.n, 0u);
}

Test(outbox, no_epoch_is_asked_for_before_there_is_an_event)
{
    outbox_start(outbox);
    run_until(outbox_is_open(outbox));
    cr_expect_eq(fake.n_asked, 0u);
}

Test(outbox, after_a_lost_link_what_was_not_acknowledged_goes_again_under_the_same_epoch)
{
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake.silent = true;
    publish("a", "2");
    publish("b", "3");
    run_until(fake.n_published == 3);
    fake.silent = false;
    fake_hang_up(&fake);
    run_until(published() == 3);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:a 1-2 2 p:b 1-1 3 |p:a 1-2 2 p:b 1-1 3 ");
    cr_expect_eq(fake.n_asked, 1u);
}

Test(outbox, events_wait_for_a_redis_that_is_not_there_yet)
{
    int port = fake.port;

    fake_stop(&fake);
    uv_run(&loop, UV_RUN_NOWAIT);
    publish("a", "1");
    outbox_start(outbox);
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_ONCE);
    cr_expect_not(outbox_is_open(outbox));
    cr_expect_eq(backlog.n, 1u);
    fake_listen(&fake, &loop, port);
    run_until(published() == 1);
}

Test(outbox, an_event_that_redis_refuses_is_counted_and_the_rest_goes_on)
{
    fake.publish_error = "-ERR something is wrong with it\r\n";
    publish("a", "1");
    publish("a", "2");
    outbox_start(outbox);
    run_until(published() == 1);
    cr_expect_eq(counters().refused, 1u);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:a 1-2 2 ");
    cr_expect_eq(backlog.n, 0u);
}

static void expect_repeated_after(const char *error)
{
    fake.publish_error = error;
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 |p:a 1-1 1 ");
    cr_expect_eq(counters().refused, 0u);
}

Test(outbox, while_redis_is_loading_the_event_is_kept_and_sent_again)
{
    expect_repeated_after("-LOADING Redis is loading the dataset in memory\r\n");
}

Test(outbox, while_redis_has_no_master_the_event_is_kept_and_sent_again)
{
    expect_repeated_after("-MASTERDOWN Link with MASTER is down\r\n");
}

Test(outbox, without_permission_the_event_is_kept_and_sent_again)
{
    expect_repeated_after("-NOPERM this user has no permissions\r\n");
}

Test(outbox, without_permission_for_an_epoch_it_goes_on_trying)
{
    fake.eval_error = "-NOPERM this user has no permissions\r\n";
    publish("a", "1");
    outbox_start(outbox);
    run_until(fake.n_asked == 3);
    fake.eval_error = NULL;
    run_until(published() == 1);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 ");
}

Test(outbox, a_strange_epoch_is_not_taken)
{
    fake.eval_error = ":7\r\n";
    publish("a", "1");
    outbox_start(outbox);
    run_until(fake.n_asked == 2);
    cr_expect_eq(fake.n_published, 0u);
}

Test(outbox, a_new_term_begins_when_all_of_the_former_is_acknowledged)
{
    publish("a", "1");
    publish("a", "2");
    publisher_new_term(&publisher);
    publish("b", "3");
    fake.silent = true;
    outbox_start(outbox);
    run_until(fake.n_published == 2);
    for (int i = 0; i < 5; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    cr_expect_eq(fake.n_asked, 1u, "the answers are not there yet");
    fake.silent = false;
    fake_answer(&fake, ":1\r\n:1\r\n");
    run_until(published() == 3);
    cr_expect_eq(fake.n_asked, 2u);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:a 1-2 2 p:b 2-1 3 ");
}

Test(outbox, an_answer_that_was_not_asked_for_ends_the_link)
{
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake_answer(&fake, ":1\r\n");
    run_until(fake.n_connections == 2);
    publish("a", "2");
    run_until(published() == 2);
}

Test(outbox, no_more_than_a_window_is_under_way)
{
    static char data[100 * 1024];

    memset(data, '7', sizeof data - 1);
    fake.silent = true;
    for (int i = 0; i < 100; i++)
        publish("a", data);
    outbox_start(outbox);
    run_until(fake.bytes >= LANE_WINDOW);
    for (int i = 0; i < 50; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    cr_expect_leq(fake.bytes, LANE_WINDOW + sizeof data + 100);
    fake.silent = false;
    fake_hang_up(&fake);
    run_until(published() == 100);
    cr_expect_eq(backlog.n, 0u);
}

Test(outbox, a_full_table_of_numbers_begins_a_new_term_with_an_empty_one)
{
    outbox_streams_most(outbox, 2);
    publish("a", "1");
    publish("b", "2");
    publish("b", "3");
    publish("c", "4"); /* the third name */
    publish("b", "5");
    outbox_start(outbox);
    run_until(published() == 5);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:b 1-1 2 p:b 1-2 3 p:c 2-1 4 p:b 2-1 5 ");
    cr_expect_eq(counters().streams, 4u);
}

Test(outbox, a_full_backlog_keeps_what_is_under_way)
{
    fake.silent = true;
    publish("a", "1");
    publish("a", "2");
    outbox_start(outbox);
    run_until(fake.n_published == 2);
    backlog.limit = backlog.bytes;
    publish("a", "3");
    cr_expect_eq(backlog.dropped[PUBLISHER_DROP_FULL], 1u);
    fake.silent = false;
    fake_hang_up(&fake);
    run_until(published() == 2);
    publish("a", "4");
    run_until(published() == 3);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:a 1-2 2 |p:a 1-1 1 p:a 1-2 2 p:a 1-4 4 ",
                     "the third used its number up; got '%s'", fake.published);
}

Test(outbox, a_new_master_gets_what_was_acknowledged_a_moment_ago_too)
{
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake.run_id = "r2";
    fake_hang_up(&fake);
    publish("a", "2");
    run_until(published() == 2);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 |p:a 1-1 1 p:a 1-2 2 ");
    cr_expect_eq(counters().repeated, 0u, "it is no event of its own");
}

Test(outbox, the_script_is_loaded_once_and_before_its_first_use)
{
    publish("a", "1");
    publish_kept("b", "2");
    publish_kept("b", "3");
    publish("a", "4");
    outbox_start(outbox);
    run_until(published() == 4);
    cr_expect_str_eq(fake.published, "p:a 1-1 1 p:b 1-1 2 p:b 1-2 3 p:a 1-2 4 ");
    cr_expect_eq(fake.n_loaded, 1u);
    cr_expect_str_eq(fake.kept, "p:last:b");
}

Test(outbox, a_script_that_redis_forgot_is_loaded_again_and_the_event_sent_again)
{
    publish_kept("b", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake.has_script = false;
    publish_kept("b", "2");
    publish_kept("b", "3");
    run_until(published() == 3);
    cr_expect_str_eq(fake.published, "p:b 1-1 1 |p:b 1-2 2 p:b 1-3 3 ");
    cr_expect_eq(fake.n_loaded, 2u);
    cr_expect_eq(counters().refused, 0u);
}

Test(outbox, a_new_link_needs_the_script_anew)
{
    publish_kept("b", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake_hang_up(&fake);
    publish_kept("b", "2");
    run_until(published() == 2);
    cr_expect_eq(fake.n_loaded, 2u);
}

Test(outbox, a_script_that_cannot_be_loaded_is_tried_again)
{
    fake.load_error = "-NOPERM this user has no permissions\r\n";
    publish_kept("b", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    cr_expect_eq(fake.n_loaded, 2u);
    cr_expect_str_eq(fake.published, "|p:b 1-1 1 ");
}
