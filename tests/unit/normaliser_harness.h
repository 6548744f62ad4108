/* normaliser_harness.h - a normaliser's events as one text: "stream|tag|data" each, with EVENT_END;
 * and what Redis keeps of them as another: "stream history block;" each.
 *
 * Define NORMALISER (the normaliser under test) before including it.
 */
#ifndef TESTS_UNIT_NORMALISER_HARNESS_H
#define TESTS_UNIT_NORMALISER_HARNESS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "publisher/sources/normaliser.h"

#define EVENT_END ";"

static char events[8192], kept[8192];
static const char *why;

static void note(void *ctx, const struct event *e)
{
    static const char *const histories[] = {"none", "stream", "entity"};
    static const char *const blocks[] = {"", " part", " end"};
    size_t at = strlen(events), kept_at = strlen(kept);

    (void)ctx;
    snprintf(events + at, sizeof events - at, "%.*s|%.*s|%.*s" EVENT_END, (int)e->stream_len,
             e->stream, (int)e->tag_len, e->tag ? e->tag : "", (int)e->data_len, e->data);
    snprintf(kept + kept_at, sizeof kept - kept_at, "%.*s %s%s;", (int)e->stream_len, e->stream,
             histories[e->history], blocks[e->block]);
}

static int normalise(const char *text)
{
    struct json_value root;

    events[0] = kept[0] = '\0';
    why = NULL;
    cr_assert_eq(json_check(text, strlen(text), JSON_STRICT, &root, NULL), 0, "%s", text);
    return NORMALISER.normalise(root, note, NULL, &why);
}

static inline void expect_events(const char *text, const char *wanted)
{
    cr_expect_eq(normalise(text), 0, "%s", text);
    cr_expect_str_eq(events, wanted);
}

static inline void expect_bad(const char *text)
{
    cr_expect_eq(normalise(text), -EBADMSG, "%s", text);
    cr_expect_not_null(why);
    cr_expect_str_eq(events, "");
}

#endif
