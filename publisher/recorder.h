/* recorder.h - writes down what upstream servers send, word for word, for `replay` to read.
 *
 *   {"source":"nano","time":1790000040900,"message":{...}}
 *
 * A line each; line breaks between the parts of a message are left out, and a message that is no
 * JSON becomes a JSON string. The file is added to, never begun anew. It is written in libuv's
 * threads, so that a slow disk holds nobody up: what comes meanwhile waits, up to a limit; beyond
 * it, and while the disk refuses, messages are left out and counted. The publisher goes on.
 */
#ifndef PUBLISHER_RECORDER_H
#define PUBLISHER_RECORDER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { RECORDER_ERROR_MAX = 200, RECORDER_WAITING_MAX = 32 * 1024 * 1024 };

struct recorder;

/* path is borrowed until recorder_close(). NULL with one line in error. */
struct recorder *recorder_open(uv_loop_t *loop, const char *path, char error[RECORDER_ERROR_MAX]);

void recorder_add(struct recorder *r, const char *kind, const char *text, size_t len,
                  int64_t unix_ms);

/* Go on in a new file of the same name, which somebody has moved away. What waits goes there. */
void recorder_reopen(struct recorder *r);

uint64_t recorder_lost(const struct recorder *r); /* messages left out */

/* What waits is still written: the loop must run until nothing is left in it. NULL is fine. */
void recorder_close(struct recorder **r);

#endif
