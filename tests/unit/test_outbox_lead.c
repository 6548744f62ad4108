/* Who may publish: another writer, the lease, and what a new leader sends. */
#include "outbox_setup.h"

TestSuite(outbox_lead, .init = set_up, .fini = tear_down);

Test(outbox_lead, a_newer_epoch_on_a_stream_ends_it_with_one_line)
{
    fake.publish_error = "-SUPERSEDED 99\r\n";
    publish("a", "1");
    outbox_start(outbox);
    run_until(outbox_failure(outbox));
    cr_expect_not_null(strstr(outbox_failure(outbox), "stream a has another publisher"));
    cr_expect_not_null(strstr(outbox_failure(outbox), "99"));
}

static void lead(void)
{
    outbox_free(&outbox);
    make_outbox("g");
}

static void publish_tagged(const char *stream, const char *tag, const char *data)
{
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .tag = tag,
                          .tag_len = strlen(tag),
                          .data = data,
                          .data_len = strlen(data),
                          .history = EVENT_HISTORY_STREAM};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

Test(outbox_lead, whoever_finds_the_lease_free_takes_it_and_renews_it)
{
    lead();
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1 && strlen(fake.asked) >= 3);
    cr_expect_eq(strncmp(fake.asked, "tkk", 3), 0, "%s", fake.asked);
    cr_expect_eq(counters().role, PUBLISHER_LEADER);
    cr_expect_eq(counters().epoch, 1u);
}

Test(outbox_lead, while_another_leads_nothing_goes_out_and_what_is_old_goes)
{
    lead();
    fake.leader = "other";
    publish("a", "1"); /* of 1970 */
    outbox_start(outbox);
    run_until(outbox_stands_by(outbox) && lanes_are_open());
    cr_expect_eq(backlog.dropped[PUBLISHER_DROP_STANDBY], 1u);
    cr_expect_eq(counters().role, PUBLISHER_STANDBY);
    cr_expect_not(outbox_is_open(outbox));
    fake.leader = NULL;
    publish("a", "2");
    run_until(published() == 1);
    cr_expect_str_eq(fake.published, "p:a 1-1 2 ");
}

/* FLUSHALL: whoever leads renews its lease, and nobody takes over. */
Test(outbox_lead, a_lease_that_redis_has_forgotten_is_left_to_the_leader)
{
    lead();
    fake.leader = "other";
    outbox_start(outbox);
    run_until(outbox_stands_by(outbox));
    fake.leader = NULL;
    fake.forgotten = true;
    fake.asked[0] = '\0';
    run_until(strlen(fake.asked) >= 3);
    cr_expect_eq(strncmp(fake.asked, "iii", 3), 0, "%s", fake.asked);
    cr_expect_eq(counters().role, PUBLISHER_STANDBY);
}

Test(outbox_lead, a_new_leader_sends_only_what_is_not_in_the_history)
{
    lead();
    fake.histories = "*2\r\n"
                     "*2\r\n$3\r\n9-2\r\n*2\r\n$1\r\nm\r\n$9\r\n9-2 1 t2\n\r\n"
                     "*2\r\n$3\r\n9-1\r\n*2\r\n$1\r\nm\r\n$10\r\n9-1 1 t1\n7\r\n";
    publish_tagged("a", "t1", "7");
    publish_tagged("a", "t3", "7");
    publish("b", "8");
    outbox_start(outbox);
    run_until(published() == 2);
    cr_expect_str_eq(fake.published, "p:a 1-1 7 p:b 1-1 8 ");
    cr_expect_eq(counters().repeated, 1u);
    cr_expect_eq(fake.n_read, 1u, "b has no history");
}

static void publish_block(const char *height)
{
    struct event event = {.stream = "c.part",
                          .stream_len = 6,
                          .tag = height,
                          .tag_len = strlen(height),
                          .data = "1",
                          .data_len = 1,
                          .history = EVENT_HISTORY_STREAM,
                          .block = EVENT_BLOCK_PART};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
    event.stream = "c.end";
    event.stream_len = 5;
    event.block = EVENT_BLOCK_END;
    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

Test(outbox_lead, a_new_leader_sends_whole_the_blocks_after_the_last_end)
{
    lead();
    fake.histories = "*1\r\n"
                     "*2\r\n$3\r\n9-1\r\n*2\r\n$1\r\nm\r\n$9\r\n9-1 1 7\n0\r\n";
    publish_block("6");
    publish_block("7");
    publish_block("8");
    outbox_start(outbox);
    run_until(published() == 2);
    cr_expect_str_eq(fake.published, "p:c.part 1-1 1 p:c.end 1-1 1 ");
    cr_expect_eq(counters().repeated, 4u);
    cr_expect_eq(fake.n_read, 1u, "of a block the end tells all");
}

Test(outbox_lead, of_snapshots_a_new_leader_sends_the_newest)
{
    lead();
    publish_kept("book", "1");
    publish_kept("other", "2");
    publish_kept("book", "3");
    outbox_start(outbox);
    run_until(published() == 2);
    cr_expect_str_eq(fake.published, "p:other 1-1 2 p:book 1-1 3 ");
}

Test(outbox_lead, what_has_no_tag_is_known_by_its_text)
{
    lead();
    fake.histories = "*1\r\n"
                     "*2\r\n$3\r\n9-1\r\n*2\r\n$1\r\nm\r\n$7\r\n9-1 1\n7\r\n";
    struct event event = {.stream = "a",
                          .stream_len = 1,
                          .data = "7",
                          .data_len = 1,
                          .history = EVENT_HISTORY_STREAM};
    const char *why;
    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
    event.data = "8";
    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
    outbox_start(outbox);
    run_until(published() == 1);
    cr_expect_str_eq(fake.published, "p:a 1-1 8 ");
}

Test(outbox_lead, a_leader_that_loses_the_lease_sends_no_more)
{
    lead();
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    fake.leader = "other";
    run_until(outbox_stands_by(outbox));
    publish("a", "2");
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_ONCE);
    cr_expect_eq(published(), 1u);
    cr_expect_eq(counters().lease_losses, 1u);
    cr_expect_eq(counters().role, PUBLISHER_STANDBY);
}

Test(outbox_lead, who_leaves_gives_the_lease_back)
{
    lead();
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    run_until(outbox_leave(outbox));
    cr_expect_eq(fake.asked[strlen(fake.asked) - 1], 'f');
}
