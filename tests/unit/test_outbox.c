/* The link to Redis, against a server that answers as the test wants. */
#include <assert.h>

#include "fake_redis.h"
#include "publisher/lane.h"
#include "publisher/outbox.h"
#include "publisher/publisher.h"

enum { WAIT_MS = 20000 };

static uv_loop_t loop;
static uv_prepare_t prepare;
static struct fake_redis fake;
static struct backlog backlog;
static struct publisher publisher;
static struct history_rules rules = {.streams = {1000, 600000}, .entities = {50, 600000}};
static struct redis_url url;
static const struct redis_naming naming = {.prefix = "p:"};
static struct outbox *outbox;
static bool timed_out;

static void on_turn(uv_prepare_t *handle)
{
    (void)handle;
    outbox_turn(outbox);
}

static struct backlog_queue *queue_of(void *ctx, const char *stream, size_t len)
{
    return outbox_queue(ctx, stream, len);
}

static void make_outbox(const char *lead)
{
    outbox = outbox_new(&loop, &backlog, &url, &naming, lead);
    publisher.queue_of = queue_of;
    publisher.ctx = outbox;
}

static void set_up(void)
{
    uv_loop_init(&loop);
    backlog_init(&backlog, 64 << 20);
    publisher_init(&publisher, &backlog, &rules);
    fake_listen(&fake, &loop, 0);
    strcpy(url.seeds[0].host, "127.0.0.1");
    snprintf(url.seeds[0].port, sizeof url.seeds[0].port, "%d", fake.port);
    url.n_seeds = 1;
    make_outbox(NULL);
    uv_prepare_init(&loop, &prepare);
    uv_prepare_start(&prepare, on_turn);
}

static void tear_down(void)
{
    outbox_free(&outbox);
    uv_close((uv_handle_t *)&prepare, NULL);
    fake_stop(&fake);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert(uv_loop_close(&loop) == 0); /* every handle is closed; no cr_assert in a .fini */
    backlog_fini(&backlog);
}

static void too_late(uv_timer_t *timer)
{
    (void)timer;
    timed_out = true;
}

#define run_until(condition)                                                                       \
    do {                                                                                           \
        uv_timer_t limit;                                                                          \
        uv_timer_init(&loop, &limit);                                                              \
        uv_timer_start(&limit, too_late, WAIT_MS, 0);                                              \
        while (!(condition) && !timed_out)                                                         \
            uv_run(&loop, UV_RUN_ONCE);                                                            \
        uv_close((uv_handle_t *)&limit, NULL);                                                     \
        uv_run(&loop, UV_RUN_NOWAIT);                                                              \
        cr_assert_not(timed_out, "waited in vain for " #condition ", have '%s'", fake.published);  \
    } while (0)

static void publish(const char *stream, const char *data)
{
    struct event event = {
        .stream = stream, .stream_len = strlen(stream), .data = data, .data_len = strlen(data)};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

static void publish_kept(const char *stream, const char *data)
{
    struct event event = {.stream = stream,
                          .stream_len = strlen(stream),
                          .data = data,
                          .data_len = strlen(data),
                          .keep_last = true};
    const char *why;

    cr_assert_eq(publisher_event(&publisher, &event, 1, &why), 0);
}

static struct publisher_counters counters(void)
{
    struct publisher_counters now = {0};

    outbox_count(outbox, &now);
    return now;
}

static bool lanes_are_open(void)
{
    return counters().links_open > 0;
}

static uint64_t published(void)
{
    return counters().published;
}

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

/* ---- another writer, and the lease ----------------------------------------------------------- */

Test(outbox, a_newer_epoch_on_a_stream_ends_it_with_one_line)
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

Test(outbox, whoever_finds_the_lease_free_takes_it_and_renews_it)
{
    lead();
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1 && strlen(fake.asked) >= 3);
    cr_expect_eq(strncmp(fake.asked, "tkk", 3), 0, "%s", fake.asked);
    cr_expect_eq(counters().role, PUBLISHER_LEADER);
    cr_expect_eq(counters().epoch, 1u);
}

Test(outbox, while_another_leads_nothing_goes_out_and_what_is_old_goes)
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
Test(outbox, a_lease_that_redis_has_forgotten_is_left_to_the_leader)
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

Test(outbox, a_new_leader_sends_only_what_is_not_in_the_history)
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

Test(outbox, a_new_leader_sends_whole_the_blocks_after_the_last_end)
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

Test(outbox, of_snapshots_a_new_leader_sends_the_newest)
{
    lead();
    publish_kept("book", "1");
    publish_kept("other", "2");
    publish_kept("book", "3");
    outbox_start(outbox);
    run_until(published() == 2);
    cr_expect_str_eq(fake.published, "p:other 1-1 2 p:book 1-1 3 ");
}

Test(outbox, what_has_no_tag_is_known_by_its_text)
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

Test(outbox, a_leader_that_loses_the_lease_sends_no_more)
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

Test(outbox, who_leaves_gives_the_lease_back)
{
    lead();
    publish("a", "1");
    outbox_start(outbox);
    run_until(published() == 1);
    run_until(outbox_leave(outbox));
    cr_expect_eq(fake.asked[strlen(fake.asked) - 1], 'f');
}
