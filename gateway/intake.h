/* intake.h - a message from Redis becomes a message for listeners, or a counted drop.
 *
 *   link --intake_message()--> intake --hub_publish()--> hub
 *                                 '--what is not simply the next--> reader --> hub
 *
 * What is judged here, once per message and before anything is built from it: is it too long, is
 * its head whole, is it JSON (only where nobody vouches for it: a message with a head was checked
 * by the publisher that wrote the head). A message that is not the one after the last is the
 * reader's matter.
 */
#ifndef GATEWAY_INTAKE_H
#define GATEWAY_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "gateway/reader.h"

struct counters;
struct gateway_settings;
struct history;
struct hub;

enum { INTAKE_STAMPS_MAX = 4096 };

struct intake {
    const struct gateway_settings *settings;
    struct counters *counters;
    struct hub *hub;
    struct reader reader;
    struct log_limit bad_limit;
    /* Time stamps of the messages of this turn, for the latency histogram; beyond the limit a
     * turn's further messages are left out of it. */
    uint32_t n_stamps;
    uint64_t stamps[INTAKE_STAMPS_MAX];
};

/* All borrowed; history may be NULL. */
void intake_begin(struct intake *in, const struct gateway_settings *settings,
                  struct counters *counters, struct hub *hub, struct history *history);
void intake_end(struct intake *in); /* see reader_fini() */

void intake_message(struct intake *in, const char *stream, size_t stream_len, const char *bytes,
                    size_t len);

/* The turn has written out what came since the last call. */
void intake_turn_end(struct intake *in);

#endif
