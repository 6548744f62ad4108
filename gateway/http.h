/* http.h - the plain HTTP answers on the clients' port: /healthz, /readyz, /metrics, /streams and
 * the console (console.h). */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>

#include "common/text.h"

struct client_host;
struct counters;
struct gateway_settings;
struct hub;
struct published;

struct http_sources {
    const struct gateway_settings *settings;
    const struct client_host *host;
    const struct hub *hub;
    const struct counters *workers; /* one per worker, this process' own among them */
    unsigned n_workers;
    struct published *published; /* NULL: nobody knows what is published */
};

enum { HTTP_HEADERS_MAX = 4 };

struct http_answer {
    int status;
    const char *content_type;
    const char *headers[HTTP_HEADERS_MAX]; /* "name: value"; the first NULL ends them */
    struct text body;                      /* the caller's to free */
};

/* path without query. Any path has an answer (404 is one). admin: asked at the admin address. */
struct http_answer http_get(const struct http_sources *sources, const char *path, bool admin);

/* Is it for operators, and this not their address? */
bool http_hidden(const struct http_sources *sources, const char *path, bool admin);

/* An answer of one line of text, for refusals. */
struct http_answer http_plain(int status, const char *line);

/* Every worker's link hears, and we are not draining. */
bool http_ready(const struct http_sources *sources);

#endif
