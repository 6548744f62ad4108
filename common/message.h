/* message.h - what travels through Redis: [head "\n"] json.
 *
 *   head = <epoch>-<seq> " " <time_us> [" " tag]
 *
 * A message that begins with '{' or '[' has no head: somebody else's publisher wrote it. epoch-seq
 * is the message's id in the form of a Redis Stream id: epoch names the publisher's term, seq
 * counts 1, 2, 3... per stream within it. time_us is when the publisher had the event, in Unix
 * microseconds. The tag (at most 64 bytes, no space, no control character) names the event itself.
 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_TAG_MAX = 64,
    MESSAGE_HEAD_MAX = 20 + 1 + 20 + 1 + 20 + 1 + MESSAGE_TAG_MAX + 1, /* bytes, "\n" included */
};

struct message {
    bool has_head;       /* false: the four below are zero */
    uint64_t epoch, seq; /* the id; seq is at least 1 */
    uint64_t time_us;
    const char *tag; /* borrowed; NULL when there is none */
    size_t tag_len;
    const char *data; /* the JSON, borrowed */
    size_t data_len;
};

/* Take a message from Redis apart. 0, or -EBADMSG when the head is torn or the data is missing.
 * The JSON itself is not looked at. */
int message_read(const char *bytes, size_t len, struct message *m);

/* Write the head of m (has_head is taken as true) into buf, which has MESSAGE_HEAD_MAX bytes;
 * returns its length. The data follows it. */
size_t message_write_head(char buf[MESSAGE_HEAD_MAX], const struct message *m);

/* May this be a tag? 1 to MESSAGE_TAG_MAX bytes of printable ASCII without space. */
bool message_tag_valid(const char *tag, size_t len);

#endif
