/* Every stream in step: what was missed is read from its history, in order, each message once. */
#include "gateway/reader.h"

#include <criterion/criterion.h>

#include "common/text.h"
#include "gateway/hub.h"
#include "tests/support/fake_history.h"
#include "tests/support/leaks.h"

static struct hub *hub;
static struct reader r;
static struct listener ear;
static struct text heard;
static const struct class_counters *count;

static void note_wish(void *ctx, const char *name, size_t len, bool wanted)
{
    (void)ctx, (void)name, (void)len, (void)wanted;
}

static unsigned classify(void *ctx, const char *name, size_t len)
{
    (void)ctx, (void)name, (void)len;
    return 0;
}

/* "7-3 ", "(gap 2)7-6 ", with the stream's last letter before it where there are several. */
static void hear(struct listener *l, struct stream *s, const struct message *m)
{
    if (s->gap)
        text_add(&heard, "(gap %" PRIu64 ")", s->gap->missed);
    if (s->doubtful)
        text_add(&heard, "(doubtful)");
    if (l->n_streams > 1)
        text_add(&heard, "%c", s->name[s->name_len - 1]);
    text_add(&heard, "%" PRIu64 "-%" PRIu64 " ", m->epoch, m->seq);
}

static void pass(void *ctx, struct stream *stream, const struct message *m, bool late)
{
    (void)ctx, (void)late;
    hub_publish(hub, stream, m);
}

static void set_up(void)
{
    fake_histories_start();
    hub = hub_new(note_wish, classify, NULL);
    listener_init(&ear, hear);
    reader_init(&r, hub, &fake_redis.history, &fake_redis.counters, pass, NULL);
    count = &fake_redis.counters.of_class[0];
}

static void tear_down(void)
{
    hub_leave(hub, &ear);
    hub_free(&hub);
    reader_fini(&r);
    while (fake_redis.n_questions > 0)
        fake_lose();
    text_free(&heard);
    no_leaks();
}

/* The link that brings all streams is gone. */
static void lose_all(void)
{
    for (struct stream *at = NULL; (at = hub_next(hub, at));)
        reader_lost(&r, at->name, at->name_len);
}

static struct stream *stream(const char *name)
{
    return hub_find(hub, name, strlen(name));
}

static void confirm(const char *name)
{
    reader_confirmed(&r, name, strlen(name));
}

static void listen_to(const char *name)
{
    cr_assert_eq(hub_listen(hub, &ear, name, strlen(name)), 0);
    confirm(name);
}

static void live_tagged(const char *name, uint64_t epoch, uint64_t seq, const char *tag)
{
    struct message m = {.has_head = epoch > 0,
                        .epoch = epoch,
                        .seq = seq,
                        .data = "{}",
                        .data_len = 2,
                        .tag = *tag ? tag : NULL,
                        .tag_len = strlen(tag)};
    struct stream *s = stream(name);

    if (!s->apart && continuity_step(&s->continuity, &m))
        hub_publish(hub, s, &m);
    else
        reader_message(&r, s, &m);
}

static void live(const char *name, uint64_t epoch, uint64_t seq)
{
    live_tagged(name, epoch, seq, "");
}

static const char *take(void)
{
    static char last[4096];

    snprintf(last, sizeof last, "%.*s", (int)heard.len, heard.len ? heard.at : "");
    heard.len = 0;
    return last;
}

/* In step after 7-1. */
static void begin(const char *name)
{
    listen_to(name);
    fake_answer_all();
    live(name, 7, 1);
    fake_keep(name, 7, 1);
    take();
}

TestSuite(reader, .init = set_up, .fini = tear_down);

Test(reader, live_messages_do_not_wait_for_the_baseline)
{
    listen_to("s");
    fake_turn_history();
    live("s", 7, 5);
    live("s", 7, 6);
    cr_expect_str_eq(take(), "7-5 7-6 ");
    fake_keep("s", 7, 6);
    fake_answer_all();
    live("s", 7, 7);
    cr_expect_str_eq(take(), "7-7 ");
    cr_expect_eq(fake_redis.asked, 1u);
}

Test(reader, a_hole_between_the_baseline_and_the_first_message_is_filled)
{
    fake_keep("s", 7, 5);
    listen_to("s");
    fake_answer_all();
    fake_keep("s", 7, 6);
    fake_keep("s", 7, 7);
    live("s", 7, 7);
    cr_expect_str_eq(take(), "");
    fake_answer_all();
    cr_expect_str_eq(take(), "7-6 7-7 ");
    cr_expect_eq(count->gaps, 0u);
}

Test(reader, a_jump_waits_for_what_the_history_has)
{
    begin("s");
    for (uint64_t seq = 2; seq <= 4; seq++)
        fake_keep("s", 7, seq);
    live("s", 7, 4);
    live("s", 7, 5);
    cr_expect_str_eq(take(), "");
    cr_expect_not(stream("s")->confirmed);
    fake_answer_all();
    cr_expect_str_eq(take(), "7-2 7-3 7-4 7-5 ");
    cr_expect(stream("s")->confirmed);
    cr_expect_not(stream("s")->apart, "the quick way again");
    live("s", 7, 6);
    cr_expect_str_eq(take(), "7-6 ");
    cr_expect_eq(count->gaps, 0u);
    cr_expect_eq(fake_redis.counters.fills, 1u);
}

Test(reader, what_the_history_has_not_is_a_gap_before_the_next_message)
{
    begin("s");
    fake_forget_all();
    fake_keep("s", 7, 4);
    live("s", 7, 6);
    fake_answer_all();
    cr_expect_str_eq(take(), "(gap 2)7-4 (gap 1)7-6 ");
    cr_expect_eq(count->gaps, 2u);
    cr_expect_eq(count->gap_messages, 3u);
    cr_expect_eq(fake_redis.counters.fill_failures, 1u);
}

Test(reader, a_refused_question_makes_a_gap_of_the_jump)
{
    begin("s");
    live("s", 7, 3);
    fake_turn_history();
    fake_refuse("NOPERM");
    cr_expect_str_eq(take(), "(gap 1)7-3 ");
    live("s", 7, 4);
    cr_expect_str_eq(take(), "7-4 ");
}

Test(reader, without_histories_a_jump_is_a_gap_at_once)
{
    r.history = NULL;
    listen_to("s");
    live("s", 7, 1);
    live("s", 7, 3);
    cr_expect_str_eq(take(), "7-1 (gap 1)7-3 ");
}

Test(reader, repeats_and_older_terms_are_dropped_and_counted)
{
    begin("s");
    live("s", 7, 1);
    live("s", 6, 9);
    cr_expect_str_eq(take(), "");
    cr_expect_eq(count->dropped_repeated, 1u);
    cr_expect_eq(count->dropped_stale, 1u);
}

Test(reader, a_new_term_follows_without_a_gap_where_the_history_shows_both)
{
    begin("s");
    fake_keep("s", 7, 2);
    fake_keep("s", 8, 1);
    live("s", 8, 1);
    fake_answer_all();
    cr_expect_str_eq(take(), "7-2 8-1 ");
    cr_expect_eq(count->gaps, 0u);
}

Test(reader, after_a_lost_link_the_history_is_read_before_anything_new)
{
    begin("s");
    lose_all();
    cr_expect_not(stream("s")->confirmed);
    fake_keep("s", 7, 2);
    confirm("s");
    live("s", 7, 4);
    fake_keep("s", 7, 3);
    cr_expect_str_eq(take(), "");
    fake_answer_all();
    cr_expect_str_eq(take(), "7-2 7-3 7-4 ");
    cr_expect_eq(count->gaps, 0u);
}

Test(reader, the_link_may_be_lost_again_while_the_history_is_read)
{
    begin("s");
    lose_all();
    confirm("s");
    fake_turn_history();
    live("s", 7, 2);
    lose_all();
    fake_answer();
    cr_expect_not(stream("s")->confirmed, "read to the end, but not subscribed");
    fake_keep("s", 7, 3);
    confirm("s");
    fake_answer_all();
    cr_expect_str_eq(take(), "7-2 7-3 ");
    cr_expect(stream("s")->confirmed);
}

Test(reader, a_stream_that_was_silent_is_filled_from_the_beginning)
{
    listen_to("s");
    fake_answer_all();
    lose_all();
    fake_keep("s", 7, 1);
    confirm("s");
    fake_answer_all();
    cr_expect_str_eq(take(), "7-1 ");
}

Test(reader, messages_without_ids_are_doubtful_after_a_lost_link)
{
    listen_to("s");
    fake_answer_all();
    live("s", 0, 0);
    lose_all();
    confirm("s");
    live("s", 0, 0);
    live("s", 0, 0);
    cr_expect_str_eq(take(), "0-0 (doubtful)0-0 0-0 ");
}

Test(reader, too_much_that_waits_is_read_from_the_history_instead)
{
    begin("s");
    live("s", 7, 3);
    fake_turn_history();
    for (uint64_t seq = 4; seq <= CATCHUP_HELD_MAX + 10; seq++)
        live("s", 7, seq);
    cr_expect_lt(r.budget.held, 1024 * sizeof(void *));
    for (uint64_t seq = 2; seq <= 3000; seq++)
        fake_keep("s", 7, seq);
    fake_answer_all();
    cr_expect_eq(stream("s")->continuity.seq, CATCHUP_HELD_MAX + 10u);
    cr_expect_eq(stream("s")->messages + count->gap_messages, CATCHUP_HELD_MAX + 10u);
    cr_expect_eq(count->gaps, 1u);
    cr_expect_eq(r.budget.held, 0u);
}

Test(reader, a_stream_may_go_while_it_is_read)
{
    begin("s");
    live("s", 7, 3);
    fake_turn_history();
    hub_leave(hub, &ear);
    fake_answer_all();
    cr_expect_str_eq(take(), "");
    cr_expect_eq(r.budget.held, 0u);
}

/* ---- chains ---- */

#define PART "injective.x"
#define QUIET "injective.y"
#define END "injective.block"

static void begin_chain(void)
{
    listen_to(PART);
    listen_to(END);
    fake_answer_all();
    live_tagged(PART, 7, 1, "1");
    live_tagged(END, 7, 1, "1");
    fake_keep_tagged(PART, 7, 1, "1");
    fake_keep_tagged(END, 7, 1, "1");
    take();
}

Test(reader, a_chains_blocks_come_in_order_whatever_stream_is_read_first)
{
    begin_chain();
    lose_all();
    for (uint64_t n = 2; n <= 4; n++) {
        char height[2] = {(char)('0' + n), '\0'};
        fake_keep_tagged(END, 7, n, height);
    }
    fake_keep_tagged(PART, 7, 2, "2");
    fake_keep_tagged(PART, 7, 3, "4");
    confirm(END);
    fake_answer_all();
    live_tagged(END, 7, 5, "5");
    cr_expect_str_eq(take(), "");
    confirm(PART);
    live_tagged(PART, 7, 4, "6");
    fake_answer_all();
    cr_expect_str_eq(take(), "x7-2 k7-2 k7-3 x7-3 k7-4 k7-5 x7-4 ");
    live_tagged(END, 7, 6, "6");
    cr_expect_str_eq(take(), "k7-6 ");
    cr_expect_not(stream(END)->apart || stream(PART)->apart);
}

Test(reader, a_blocks_end_waits_for_a_part_that_is_read)
{
    begin_chain();
    fake_keep_tagged(PART, 7, 2, "2");
    live_tagged(PART, 7, 3, "2");
    live_tagged(END, 7, 2, "2");
    cr_expect_str_eq(take(), "");
    fake_answer_all();
    cr_expect_str_eq(take(), "x7-2 x7-3 k7-2 ");
}

static bool end_was_confirmed, new_was_confirmed;

static void look(struct listener *l, struct stream *s, const struct message *m)
{
    (void)l, (void)m;
    if (strcmp(s->name, END) != 0)
        return;
    end_was_confirmed = s->confirmed;
    new_was_confirmed = stream(QUIET)->confirmed;
}

Test(reader, a_stream_that_is_new_has_no_part_in_the_blocks_that_are_made_up_for)
{
    begin_chain();
    ear.deliver = look;
    lose_all();
    fake_keep_tagged(END, 7, 2, "2");
    confirm(END);
    cr_assert_eq(hub_listen(hub, &ear, QUIET, strlen(QUIET)), 0);
    confirm(QUIET);
    confirm(PART);
    fake_answer_all();
    cr_expect(end_was_confirmed);
    cr_expect_not(new_was_confirmed);
    cr_expect(stream(QUIET)->confirmed);
}

Test(reader, ends_of_blocks_are_doubtful_when_redis_has_lost_them)
{
    begin_chain();
    lose_all();
    fake_forget_all();
    confirm(END);
    confirm(PART);
    live_tagged(END, 7, 2, "2");
    fake_answer_all();
    live_tagged(END, 7, 3, "3");
    live_tagged(END, 7, 4, "4");
    cr_expect_str_eq(take(), "(doubtful)k7-2 (doubtful)k7-3 k7-4 ");
}

Test(reader, a_part_that_has_been_quiet_for_long_puts_nothing_in_doubt)
{
    begin_chain();
    lose_all();
    fake_forget_all();
    fake_keep_tagged(END, 7, 1, "1");
    confirm(END);
    confirm(PART);
    live_tagged(END, 7, 2, "2");
    fake_answer_all();
    live_tagged(END, 7, 3, "3");
    cr_expect_str_eq(take(), "k7-2 k7-3 ");
}

Test(reader, a_chain_goes_on_when_the_stream_it_waited_for_has_gone)
{
    struct listener other;

    begin_chain();
    listener_init(&other, hear);
    cr_assert_eq(hub_listen(hub, &other, QUIET, strlen(QUIET)), 0);
    confirm(QUIET);
    fake_answer_all();
    live_tagged(QUIET, 7, 1, "1");
    lose_all();
    confirm(END);
    confirm(PART);
    fake_answer_all();
    live_tagged(END, 7, 2, "2");
    take();
    hub_leave(hub, &other);
    cr_expect_str_eq(take(), "");
    reader_turn(&r);
    cr_expect_str_eq(take(), "k7-2 ");
}
