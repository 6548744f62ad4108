/* entry_command.h - an entry as the command by which Redis writes it and passes it on.
 *
 *   neither history nor last value   PUBLISH <channel> <head><data>
 *   otherwise                        EVALSHA of one script, in one step: XADD to the history, HSET
 *                                    of the last value, PEXPIRE on both, PUBLISH
 *
 * In a Cluster SPUBLISH stands for PUBLISH. Since history comes first, whoever is subscribed and
 * then reads it misses nothing. XADD refuses an id that is not newer; then nothing goes out, and
 * the script answers
 *
 *   0                       the newest is of the same epoch: it was written before, by ourselves
 *   -SUPERSEDED <epoch>     it is of a newer one: another writer has taken over
 *   -OVERTAKEN              it is missing, and a later one is there, which Redis took while it put
 *                           this one off: it would be out of order now
 *
 * and 1 when it was written. A last value without a history is guarded in the same way by its id.
 */
#ifndef PUBLISHER_ENTRY_COMMAND_H
#define PUBLISHER_ENTRY_COMMAND_H

#include "common/redis_name.h"
#include "publisher/entry.h"

enum {
    ENTRY_SHA_LEN = 40,             /* what Redis names a script by */
    ENTRY_LAST_MS = 10 * 60 * 1000, /* how long a last value is kept after it was written */
    /* A command before the data: the words, their lengths, the names, the numbers and the head. */
    ENTRY_START_MAX = 400 + 3 * REDIS_NAME_MAX + MESSAGE_HEAD_MAX,
};
#define ENTRY_SUPERSEDED "SUPERSEDED "

struct entry_target {
    const struct redis_naming *naming;
    uint64_t epoch;
    const char *sha; /* of the script; ENTRY_SHA_LEN bytes */
};

/* Is it to be written by the script? */
bool entry_needs_script(const struct entry *entry);

/* The script's text. */
const char *entry_script(const struct redis_naming *naming);

/* In two parts: the start, written to buf, and the rest, a span of the entry. The command ends with
 * "\r\n" after the rest, which is the span's own end. The entry has its number. */
struct entry_command {
    const char *rest;
    size_t start_len, rest_len;
};
void entry_command(const struct entry *entry, const struct entry_target *to,
                   char start[ENTRY_START_MAX], struct entry_command *command);

#endif
