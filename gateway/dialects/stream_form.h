/* stream_form.h - how a message of one stream looks to clients of the exchange and Binance forms.
 *
 *              plain                      with ids
 *   combined   {"stream":"S","data":D}    {"stream":"S","id":"7-3","data":D}
 *   bare       D                          {"id":"7-3","data":D}
 *
 * A message that has no id has "id":null. What an engine has wrapped itself gets the id as its
 * first member. A notice is a message of its own, in any form:
 *
 *   {"stream":"S","notice":{"gap":{"missed":2,"after":"7-3","next":"7-6"}}}
 *
 *   {"stream":"S","notice":{"dropped":5}}     left out for a slow reader, as --policy says
 *
 * missed: how many messages; null: not known. after: the last one before the hole, next: the one
 * that follows; null: not known.
 */
#ifndef GATEWAY_DIALECTS_STREAM_FORM_H
#define GATEWAY_DIALECTS_STREAM_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_span.h"

struct frame;
struct message;

/* Bits of a form. */
enum {
    FORM_COMBINED = 1,
    FORM_WRAPPED = 2, /* what is in Redis is {"stream":…,"data":…} already */
    FORM_IDS = 4,
    FORM_NOTICES = 8, /* what is missing is told */
    FORM_COUNT = 16,
};

/* What a connection asks for in its address: FORM_IDS and FORM_NOTICES as above, and: */
enum { STREAM_LAST = 16 }; /* a subscription begins with the stream's last value */

/* The options ids=1, notices=1 and last=1 of a query. */
unsigned stream_options(const char *query);

struct stream_id {
    uint64_t epoch, seq;
};

/* "7-3". 0; -EINVAL. */
int stream_id_read(const char *text, size_t len, struct stream_id *id);

/* The member `since` of a request: {"<stream>":"<id>"}. 0; -EINVAL when it is of another form; none
 * at all is fine. */
int stream_since_check(struct json_value since);

/* The id that it names for the stream (which ends with NUL), in *id; NULL: none. */
const struct stream_id *stream_since(struct json_value since, const char *stream,
                                     struct stream_id *id);

/* NULL: out of memory, or it is not of the form that FORM_WRAPPED takes. */
struct frame *stream_form_message(unsigned form, const char *stream, size_t len,
                                  const struct message *m);

/* after, next: NULL: not known. missed 0: not known. NULL: out of memory. */
struct frame *stream_form_gap(const char *stream, size_t len, uint64_t missed,
                              const struct stream_id *after, const struct stream_id *next);

/* n messages were left out. NULL: out of memory. */
struct frame *stream_form_dropped(const char *stream, size_t len, uint32_t n);

#endif
