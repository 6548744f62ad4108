/* http.h - what the publisher answers on --http: /metrics, /healthz, /readyz. */
#ifndef PUBLISHER_HTTP_H
#define PUBLISHER_HTTP_H

#include "publisher/metrics.h"

struct http_reply {
    int status;
    const char *content_type;
    struct text body; /* the caller's to free */
};

/* path without query. Any path has an answer (404 is one). */
struct http_reply http_reply(const struct metrics_sources *from, const char *path);

#endif
