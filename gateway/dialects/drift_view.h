/* drift_view.h - what Drift clients see of a stream: {"channel":STREAM,"data":"…"}.
 *
 * The data is a JSON text in a JSON string, as the server sends it. Clients of both profiles see
 * the same bytes and share one view per stream.
 *
 * Order books: "a slot lower than the last forwarded one on that channel" is dropped, an equal one
 * passes. A view begins with the last order book that Redis keeps: it asks when its subscription is
 * confirmed, and lets live messages wait for the answer; then nothing is sent twice, nor before
 * something older. It asks again when the link to Redis was lost and came back. A client that joins
 * later gets what the view sent last.
 */
#ifndef GATEWAY_DIALECTS_DRIFT_VIEW_H
#define GATEWAY_DIALECTS_DRIFT_VIEW_H

#include <stdint.h>

#include "gateway/dialects/drift_request.h"

struct client;
struct drift;

enum {
    DRIFT_HELD_MAX = 32,                    /* live messages that wait for the last value, */
    DRIFT_HELD_BYTES_MAX = 4 * 1024 * 1024, /* and their bytes; beyond: no last value */
    DRIFT_ANEW_US = 10 * 1000000, /* a lower slot so long after the last book: a chain begun anew */
};

/* What client_join() says. */
int drift_view_join(struct client *c, struct drift *drift, const struct drift_request *r);

/* Give the client, a member, the order book that was sent last, if there is one. */
void drift_view_greet(struct client *c, const struct drift_request *r);

/* 0; -ENOENT. */
int drift_view_leave(struct client *c, const struct drift_request *r);

/* Ask for the last values that could not be asked for so far. */
void drift_view_tick(struct drift *drift);

#endif
