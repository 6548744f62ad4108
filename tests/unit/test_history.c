/* Questions to the histories: a bounded number, none lost, each answered once. */
#include "gateway/history.h"

#include <criterion/criterion.h>

#include "tests/support/fake_history.h"
#include "tests/support/leaks.h"

static char said[1024];
static struct history_question questions[200];

static void note(void *ctx, const struct history_page *page)
{
    size_t at = strlen(said);

    (void)ctx;
    snprintf(said + at, sizeof said - at, "[%s", page->refused ? "refused" : "");
    for (size_t i = 0; i < page->n; i++) {
        at = strlen(said);
        snprintf(said + at, sizeof said - at, " %" PRIu64 "-%" PRIu64, page->entries[i].epoch,
                 page->entries[i].seq);
    }
    strcat(said, page->more ? " ...]" : "]");
}

static void set_up(void)
{
    fake_histories_start();
    memset(questions, 0, sizeof questions);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        questions[i].fn = note;
    *said = '\0';
}

static void tear_down(void)
{
    while (fake_redis.n_questions > 0)
        fake_lose();
    no_leaks();
}

static void read_from(size_t i, uint64_t epoch, uint64_t seq)
{
    history_read(&fake_redis.history, &questions[i], "s", 1, epoch, seq, 3);
}

TestSuite(history, .init = set_up, .fini = tear_down);

Test(history, a_page_begins_at_the_id_and_says_whether_there_is_more)
{
    for (uint64_t seq = 1; seq <= 5; seq++)
        fake_keep("s", 7, seq);
    fake_keep("other", 7, 9);
    read_from(0, 7, 2);
    cr_expect_str_eq(said, "");
    fake_answer_all();
    cr_expect_str_eq(said, "[ 7-2 7-3 7-4 ...]");
    *said = '\0';
    read_from(0, 7, 4);
    fake_answer_all();
    cr_expect_str_eq(said, "[ 7-4 7-5]");
    *said = '\0';
    read_from(0, 0, 0);
    fake_turn_history();
    cr_expect_str_eq(fake_redis.questions[0].words[1], "p:hist:s");
    cr_expect_str_eq(fake_redis.questions[0].words[2], "-");
    fake_answer_all();
    cr_expect_str_eq(said, "[ 7-1 7-2 7-3 ...]");
}

Test(history, the_newest_entry_is_one)
{
    fake_keep("s", 7, 1);
    fake_keep("s", 7, 2);
    history_newest(&fake_redis.history, &questions[0], "s", 1);
    history_newest(&fake_redis.history, &questions[1], "none", 4);
    fake_answer_all();
    cr_expect_str_eq(said, "[ 7-2][]");
}

Test(history, few_are_under_way_and_all_are_answered)
{
    for (size_t i = 0; i < 200; i++)
        history_newest(&fake_redis.history, &questions[i], "s", 1);
    fake_turn_history();
    cr_expect_eq(fake_redis.n_questions, (size_t)HISTORY_ASKED_MAX);
    fake_turn_history();
    cr_expect_eq(fake_redis.n_questions, (size_t)HISTORY_ASKED_MAX);
    fake_answer_all();
    cr_expect_eq(fake_redis.asked, 200u);
    for (size_t i = 0; i < 200; i++)
        cr_expect_not(history_is_asking(&questions[i]));
}

Test(history, answers_that_bring_much_are_asked_for_one_at_a_time)
{
    fake_redis.history.expected = HISTORY_BYTES_ASKED;
    for (size_t i = 0; i < 3; i++)
        history_newest(&fake_redis.history, &questions[i], "s", 1);
    fake_turn_history();
    cr_expect_eq(fake_redis.n_questions, 1u);
    fake_answer_all();
    cr_expect_str_eq(said, "[][][]");
}

Test(history, a_lost_answer_is_asked_for_again)
{
    fake_keep("s", 7, 1);
    read_from(0, 7, 1);
    fake_turn_history();
    fake_lose();
    cr_expect_str_eq(said, "");
    fake_redis.down = -ENOTCONN;
    fake_turn_history();
    cr_expect(history_is_asking(&questions[0]));
    fake_redis.down = 0;
    fake_answer_all();
    cr_expect_str_eq(said, "[ 7-1]");
}

Test(history, a_refusal_is_an_answer)
{
    read_from(0, 7, 1);
    fake_turn_history();
    fake_refuse("NOPERM this user has no permissions");
    cr_expect_str_eq(said, "[refused]");
    cr_expect_eq(fake_redis.counters.history_refused, 1u);
}

Test(history, what_redis_cannot_answer_just_now_is_asked_again_a_little_later)
{
    read_from(0, 7, 1);
    fake_turn_history();
    fake_refuse("LOADING Redis is loading the dataset in memory");
    fake_turn_history();
    cr_expect_eq(fake_redis.n_questions, 0u);
    fake_redis.now_ms += HISTORY_TRY_AGAIN_MS;
    fake_answer_all();
    cr_expect_str_eq(said, "[]");
}

Test(history, but_not_for_ever)
{
    read_from(0, 7, 1);
    for (int i = 0; i < HISTORY_TRIES_MAX; i++) {
        fake_turn_history();
        cr_assert_eq(fake_redis.n_questions, 1u);
        fake_refuse("CLUSTERDOWN");
        fake_redis.now_ms += HISTORY_TRY_AGAIN_MS;
    }
    cr_expect_str_eq(said, "[refused]");
}

Test(history, a_cancelled_question_is_not_answered_wherever_it_is)
{
    read_from(0, 7, 1);
    read_from(1, 7, 1);
    history_cancel(&questions[0]);
    fake_turn_history();
    history_cancel(&questions[1]);
    history_cancel(&questions[2]);
    fake_answer_all();
    cr_expect_str_eq(said, "");
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

Test(history, who_is_not_ready_lets_others_go_first)
{
    questions[0].ready = never;
    read_from(0, 7, 1);
    history_newest(&fake_redis.history, &questions[1], "s", 1);
    fake_answer_all();
    cr_expect_str_eq(said, "[]");
    cr_expect(history_is_asking(&questions[0]));
    history_cancel(&questions[0]);
}
