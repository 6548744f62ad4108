/* The bytes of a Pub/Sub connection become messages and notices, whatever pieces they come in. */
#include "common/redis_pubsub.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/leaks.h"

enum { MAX = 1 << 20 };

static struct redis_pubsub *p;
static char seen[8192]; /* "M channel payload|" or "N kind channel count|" of each */
static int stop_after;  /* callbacks; 0: never */

static void called(void)
{
    if (stop_after > 0 && --stop_after == 0)
        redis_pubsub_stop(p);
}

static void on_message(void *ctx, const char *channel, size_t channel_len, const char *payload,
                       size_t len)
{
    size_t at = strlen(seen);

    cr_expect_eq(ctx, (void *)seen);
    snprintf(seen + at, sizeof seen - at, "M %.*s %.*s|", (int)channel_len, channel, (int)len,
             payload);
    called();
}

static void on_notice(void *ctx, const struct redis_notice *n)
{
    size_t at = strlen(seen);

    cr_expect_eq(ctx, (void *)seen);
    snprintf(seen + at, sizeof seen - at, "N %.*s %.*s %" PRId64 "|", (int)n->kind_len, n->kind,
             (int)n->channel_len, n->channel, n->count);
    called();
}

static const struct redis_pubsub_events events = {.message = on_message, .notice = on_notice};

static void set_up(void)
{
    p = redis_pubsub_new(&events, seen);
    seen[0] = '\0';
    stop_after = 0;
}

static void tear_down(void)
{
    redis_pubsub_free(&p);
    redis_pubsub_free(&p); /* twice does no harm */
    no_leaks();
}

static int feed(const char *text)
{
    return redis_pubsub_feed(p, text, strlen(text), MAX);
}

TestSuite(redis_pubsub, .init = set_up, .fini = tear_down);

static const char everything[] = "*3\r\n$9\r\nsubscribe\r\n$3\r\na.b\r\n:1\r\n"
                                 "*3\r\n$7\r\nmessage\r\n$3\r\na.b\r\n$5\r\nhello\r\n"
                                 "*3\r\n$7\r\nmessage\r\n$3\r\na.b\r\n$0\r\n\r\n"
                                 "*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$4\r\n\r\n*3\r\n"
                                 "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
                                 "+OK\r\n-ERR no\r\n"
                                 "*3\r\n$11\r\nunsubscribe\r\n$3\r\na.b\r\n:0\r\n";
static const char all_seen[] = "N subscribe a.b 1|M a.b hello|M a.b |M c \r\n*3|N pong  0|"
                               "N status OK 0|N error ERR no 0|N unsubscribe a.b 0|";

Test(redis_pubsub, messages_and_notices_come_in_order)
{
    cr_expect_eq(feed(everything), 0);
    cr_expect_str_eq(seen, all_seen);
}

Test(redis_pubsub, bytes_may_come_in_pieces_of_any_size)
{
    for (size_t piece = 1; piece < sizeof everything; piece++) {
        seen[0] = '\0';
        for (size_t at = 0; at < sizeof everything - 1; at += piece) {
            size_t left = sizeof everything - 1 - at;
            size_t n = left < piece ? left : piece;
            char *copy = malloc(n); /* of its own, so that nobody keeps a pointer into it */
            memcpy(copy, everything + at, n);
            cr_assert_eq(redis_pubsub_feed(p, copy, n, MAX), 0);
            free(copy);
        }
        cr_assert_str_eq(seen, all_seen, "pieces of %zu", piece);
    }
}

Test(redis_pubsub, an_error_reply_is_a_notice_with_its_text)
{
    cr_expect_eq(feed("-NOAUTH Authentication required.\r\n"), 0);
    cr_expect_str_eq(seen, "N error NOAUTH Authentication required. 0|");
}

Test(redis_pubsub, unsubscribing_from_nothing_has_no_channel)
{
    cr_expect_eq(feed("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"), 0);
    cr_expect_eq(feed("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"), 0);
    cr_expect_str_eq(seen, "N subscribe a 1|N unsubscribe  0|");
}

Test(redis_pubsub, replies_of_unknown_shape_are_passed_over)
{
    static const char *const odd[] = {
        "*-1\r\n",
        "*0\r\n",
        "$-1\r\n",
        ":5\r\n",
        "*1\r\n$7\r\nmessage\r\n",
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$-1\r\n",
        "*4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$1\r\nc\r\n$1\r\nx\r\n",
        "*3\r\n$7\r\nmessage\r\n*1\r\n$1\r\nc\r\n$1\r\nx\r\n",
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n",
        "*2\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n$1\r\nz\r\n",
        "*3\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n$1\r\nz\r\n:1\r\n",
    };

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cr_expect_eq(feed(odd[i]), 0, "%zu", i);
        cr_expect_str_eq(seen, "", "%zu", i);
        cr_expect_eq(feed("+OK\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n"), 0);
        cr_expect_str_eq(seen, "N status OK 0|M c x|", "what follows %zu", i);
        seen[0] = '\0';
    }
}

Test(redis_pubsub, bytes_that_are_no_resp_end_it)
{
    cr_expect_eq(feed("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\nHTTP/1.1 400 Bad\r\n"),
                 -EPROTO);
    cr_expect_str_eq(seen, "M c x|", "what was whole before counts");
}

Test(redis_pubsub, a_reply_longer_than_allowed_ends_it)
{
    static char much[6000];
    char head[64];

    memset(much, 'x', sizeof much);
    snprintf(head, sizeof head, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$%d\r\n", 1 << 30);
    cr_expect_eq(redis_pubsub_feed(p, head, strlen(head), 5000), 0);
    cr_expect_eq(redis_pubsub_feed(p, much, 4000, 5000), 0);
    cr_expect_eq(redis_pubsub_feed(p, much, 4000, 5000), -EPROTO);
}

Test(redis_pubsub, many_messages_that_are_longer_together_do_not)
{
    char reply[1200];

    cr_expect_eq(redis_pubsub_feed(p, everything, sizeof everything - 1, 50), 0);
    snprintf(reply, sizeof reply, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1000\r\n%01000d\r\n", 0);
    for (int i = 0; i < 100; i++) {
        seen[0] = '\0';
        cr_assert_eq(redis_pubsub_feed(p, reply, strlen(reply), 1500), 0);
        cr_assert_eq(strlen(seen), 1005u, "%d", i);
    }
}

Test(redis_pubsub, a_message_over_many_helpings_is_whole)
{
    enum { LEN = 100000 };
    char *text = malloc(LEN + 100);

    int head = sprintf(text, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$%d\r\n", LEN);
    memset(text + head, 'z', LEN);
    strcpy(text + head + LEN, "\r\n+OK\r\n");
    cr_expect_eq(feed(text), 0);
    cr_expect_eq(strncmp(seen, "M c zzzz", 8), 0);
    free(text);
}

Test(redis_pubsub, after_a_stop_from_within_a_callback_the_rest_is_discarded)
{
    stop_after = 2;
    cr_expect_eq(feed(everything), 0);
    cr_expect_str_eq(seen, "N subscribe a.b 1|M a.b hello|");
    cr_expect_eq(feed("+OK\r\n"), 0);
    cr_expect_eq(feed("no RESP at all"), 0);
    cr_expect_str_eq(seen, "N subscribe a.b 1|M a.b hello|");
}

Test(redis_pubsub, a_channel_longer_than_any_of_ours_is_cut_and_does_no_harm)
{
    char text[800];

    snprintf(text, sizeof text, "*3\r\n$7\r\nmessage\r\n$600\r\n%0600d\r\n$1\r\nx\r\n", 0);
    cr_expect_eq(feed(text), 0);
    cr_expect_eq(strlen(seen), 2 + 512 + 3u);
}
