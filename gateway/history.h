/* history.h - questions to the histories that publishers keep, a bounded number at a time.
 *
 *   history_read(), history_newest() -> queue -> up to HISTORY_ASKED_MAX at Redis -> fn(page)
 *
 * A stream's history is a Redis Stream (redis_name.h): an entry's id is the message's, its field
 * "m" the whole message. A question costs its asker nothing to keep: it lies in the asker's own
 * memory, so a hundred thousand may wait. One whose answer is lost is asked again when Redis is
 * back. What Redis refuses is answered with an empty page that says so, and logged.
 *
 * How many are under way goes by how much they bring: together no more than about
 * HISTORY_BYTES_ASKED, so that a healed stream does not flood its clients' queues.
 */
#ifndef GATEWAY_HISTORY_H
#define GATEWAY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"
#include "common/log.h"
#include "common/redis_asker.h"
#include "common/redis_name.h"

struct counters;
struct history_asked;

enum {
    HISTORY_ASKED_MAX = 32,           /* questions at Redis */
    HISTORY_PAGE_MAX = 32,            /* entries in one answer */
    HISTORY_BYTES_ASKED = 512 * 1024, /* what the answers under way are expected to bring */
    HISTORY_TURN_MAX = 512,           /* questions looked at in one turn of the loop */
    HISTORY_TRIES_MAX = 20,           /* of a question that Redis cannot answer just now */
    HISTORY_TRY_AGAIN_MS = 250,
};

struct history_entry {
    uint64_t epoch, seq;
    const char *bytes; /* the message, head included */
    size_t len;
};

struct history_page {
    const struct history_entry *entries; /* oldest first; valid during the call */
    size_t n;
    bool more;    /* there may be more behind them */
    bool refused; /* Redis does not answer such questions */
};

/* Called once per question, never from within the call that asks. It may ask again. */
typedef void history_fn(void *ctx, const struct history_page *page);

/* In the memory of whoever asks; zero-initialised is idle. */
struct history_question {
    struct list at; /* in the queue */
    struct history_asked *asked;
    bool queued;
    bool newest;
    uint8_t tries;
    uint16_t count;
    uint16_t stream_len;
    const char *stream;
    uint64_t epoch, seq;
    uint64_t after_ms; /* not before that */
    history_fn *fn;
    void *ctx;
    /* Is it wanted now? NULL: always. While it is not, others go first. */
    bool (*ready)(void *ctx);
};

/* redis_asker_ask(), or a test's. */
typedef int history_ask_fn(struct redis_asker *a, int slot, int argc, const char *const *argv,
                           const size_t *lens, redis_answer_fn *fn, void *ctx);

struct history {
    struct redis_asker *asker; /* borrowed, like what follows */
    history_ask_fn *ask;
    const struct redis_naming *naming;
    struct counters *counters;
    struct list queue;
    unsigned n_asked;
    size_t expected; /* bytes of an answer, as experience says */
    uint64_t now_ms;
    struct log_limit refusals;
};

void history_init(struct history *h, struct redis_asker *asker, const struct redis_naming *naming,
                  struct counters *counters);

/* The oldest entries from that id on, its own included; seq 0: from the beginning. At most count
 * (2 to HISTORY_PAGE_MAX). The stream's name is borrowed until the answer. Not while the question
 * is under way. */
void history_read(struct history *h, struct history_question *q, const char *stream, size_t len,
                  uint64_t epoch, uint64_t seq, unsigned count);

/* The newest entry. */
void history_newest(struct history *h, struct history_question *q, const char *stream, size_t len);

bool history_is_asking(const struct history_question *q);

/* fn is not called any more. Any question may be cancelled, idle ones too. */
void history_cancel(struct history_question *q);

/* Part of the loop's turn, before the asker's: ask what is due. */
void history_turn(struct history *h, uint64_t now_ms);

#endif
