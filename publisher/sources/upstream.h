/* upstream.h - a source that is a client of a real server: what all of them have in common.
 *
 *   upstream_ws --message--> [record] --> take() --> normaliser --> pass() --> host->event()
 *        ^--- begin(), tick(): requests
 *
 *   KIND=URL[,option=value ...]
 *
 *   ca=FILE         trust the certificates in this file, and no others
 *   insecure        trust whoever answers
 *   header=N: V     a header of the handshake; repeatable
 *   silent=S        the server is dead when nothing came for so many seconds
 *   stale=S         or no message for so many; 0: never
 *
 * Each kind of server is one file, named after it, with a struct upstream_kind. Its own struct
 * begins with a struct upstream, which a zeroed block of `size` bytes is made into.
 *
 * A lost connection is made again. What was missed meanwhile is said on the chain's gap stream
 * (gap.h) just before the first message that follows: by the time that passed, or, for chains that
 * number their blocks, by the kind itself when it sees that some are missing.
 *
 * While it is paused it does not read, so that the server waits; the message that is being read
 * when the flag becomes set is still handed over, since a block's events belong together.
 */
#ifndef PUBLISHER_SOURCES_UPSTREAM_H
#define PUBLISHER_SOURCES_UPSTREAM_H

#include "common/log.h"
#include "publisher/sources/gap.h"
#include "publisher/sources/normaliser.h"
#include "publisher/sources/source.h"
#include "publisher/sources/upstream_ws.h"

enum { UPSTREAM_OPTION_MAX = 1024 /* bytes of one option */ };

struct upstream;

struct upstream_kind {
    const char *name;       /* of the source, and of what it records */
    const char *gap_stream; /* "<chain>.gap" */
    const char *options;    /* its own, for the line about a wrong one */
    const char *path;       /* where the URL has none */
    const struct normaliser *normaliser;
    size_t size;
    uint64_t ping_ms, silent_ms, stale_ms;
    bool pressing; /* the server drops, or stalls others, when we do not read */
    bool numbered; /* blocks have numbers: the kind itself calls upstream_gap() */

    /* All but begin may be NULL. */
    int (*make)(struct upstream *u, char error[SOURCE_ERROR_MAX]); /* first; host is there */
    /* 0; -ENOENT: no such option; -EINVAL with one line in error; -ENOMEM. value may be NULL. */
    int (*option)(struct upstream *u, const char *name, const char *value,
                  char error[SOURCE_ERROR_MAX]);
    int (*ready)(struct upstream *u, char error[SOURCE_ERROR_MAX]); /* after the last option */
    void (*start)(struct upstream *u);                              /* the loop is about to run */
    void (*begin)(struct upstream *u);                 /* connected: ask for what is wanted */
    void (*tick)(struct upstream *u, uint64_t now_ms); /* four times a second while connected */
    void (*lost)(struct upstream *u);
    /* Every message: false: it is not for the normaliser. */
    bool (*take)(struct upstream *u, struct json_value message);
    /* A message that is no JSON: false: nothing of the kind is expected, so it is bad. */
    bool (*plain)(struct upstream *u, const char *text, size_t len);
    bool (*pass)(struct upstream *u, const struct event *event); /* false: nobody needs it */
    void (*fini)(struct upstream *u); /* after make, whether that worked or not */
};

struct upstream {
    struct source source;
    const struct upstream_kind *kind;
    struct upstream_ws_config config;
    struct upstream_ws *ws;
    char *label;
    int64_t data_ms; /* Unix: the last message for the normaliser; 0: there was none */
    bool missing;    /* the connection was lost since then */
    char missing_why[SOURCE_WHY_MAX];
    const char *raw; /* the message that is being handed over, for the log */
    size_t raw_len;
    struct log_limit failures, refusals;
};

/* source_kind.open() of every kind. */
int upstream_open(const struct upstream_kind *kind, const struct source_host *host,
                  const char *argument, const char *options, struct source **source,
                  char error[SOURCE_ERROR_MAX]);

/* Ask the server. What cannot be sent ends the connection. */
void upstream_send(struct upstream *u, const char *text, size_t len);

/* The connection is of no more use. */
void upstream_drop(struct upstream *u, const char *why);

/* Blocks first to last are missing. Before the message that shows it is handed over. */
void upstream_gap(struct upstream *u, uint64_t first, uint64_t last);

/* The message at hand is bad: counted, and it may be logged. */
void upstream_bad(struct upstream *u, const char *why);

/* The server refused something we asked for; logged now and then. */
void upstream_refused(struct upstream *u, const char *what, const char *answer, size_t len);

/* "S" or "S.S" seconds. 0; -EINVAL with one line in error. */
int upstream_seconds(const char *name, const char *value, uint64_t *ms,
                     char error[SOURCE_ERROR_MAX]);

#endif
