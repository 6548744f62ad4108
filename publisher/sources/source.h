/* source.h - where events come from.
 *
 *   intake --source_open(), start, resume, stop--> source
 *   intake <--event(), bad(), done()-------------- source
 *
 * A source connects, reads and hands over events; it knows nothing of Redis. It is one file, its
 * kind one entry in source_kinds[] (source.c).
 *
 * Waiting: while `paused` is set, a source hands over nothing. The flag may become set during any
 * call of event(); what the source has read already it keeps until resume().
 *
 * Ownership: source_open() gives a source, source_free() ends it, in any state. Its memory goes
 * when libuv has let go of its handles, so the loop must run once more; no callback comes after
 * source_free().
 */
#ifndef PUBLISHER_SOURCES_SOURCE_H
#define PUBLISHER_SOURCES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/list.h"
#include "publisher/event.h"
#include "publisher/source_tally.h"

enum { SOURCE_ERROR_MAX = 300, SOURCE_WHY_MAX = 160 };

struct demand;   /* demand.h */
struct recorder; /* recorder.h */
struct source;
struct ws_clients; /* ws_clients.h */

/* How it stands with where the events come from. A source that has no server to be connected to
 * (lines, replay) is live from its start to its end. */
enum source_state {
    SOURCE_CONNECTING, /* also while it waits to try again */
    SOURCE_LIVE,       /* connected, and the server answers */
    SOURCE_ENDED,
};

/* Kept by the source, read by anybody. */
struct source_status {
    enum source_state state;
    uint64_t since_ms;        /* uv_now() at which it came into the state */
    uint64_t heard_ms;        /* uv_now() of the last message; 0: there was none */
    uint64_t messages;        /* that came from upstream */
    uint64_t repeats;         /* of them, known already and passed over, e.g. a block's height */
    uint64_t reconnects;      /* connections that were lost */
    uint64_t gaps;            /* times that events were missed and cannot be had: see gap.h */
    char why[SOURCE_WHY_MAX]; /* it is not live; empty: it is, or nothing went wrong yet */
};

/* What was wrong, for the log. */
struct bad_line {
    uint64_t number; /* from 1 */
    const char *why;
    const char *raw; /* NULL: it was too long to be kept */
    size_t raw_len;
};

/* What a source is given; it outlives every source. */
struct source_host {
    uv_loop_t *loop;
    size_t line_max; /* bytes of a line */
    void *ctx;
    /* NULL; what is wrong with the event, static text: it is for bad() then. */
    const char *(*event)(void *ctx, struct source *from, const struct event *event);
    void (*bad)(void *ctx, struct source *from, const struct bad_line *bad);
    /* It is about to hand over once more what it has handed over before: not repeats of the same
     * events, but new ones that look the same. */
    void (*again)(void *ctx, struct source *from);
    void (*done)(void *ctx, struct source *from); /* there will be no more events; once */
    struct ws_clients *ws_clients;                /* NULL: there can be no live sources */
    struct demand *demand;                        /* NULL: what has listeners is not known */
    const char *drift_markets; /* file with a table of them; NULL or empty: the built-in one */
    struct recorder *recorder; /* NULL: what servers send is not written down */
};

struct source_ops {
    void (*start)(struct source *source);  /* once */
    void (*resume)(struct source *source); /* paused is false again: hand over, read on */
    void (*free)(struct source *source);
};

/* The first member of each kind's own struct. */
struct source {
    const struct source_ops *ops;
    const struct source_host *host;
    const char *label; /* for the log: as given on the command line, without secrets */
    bool patient;      /* loses nothing by waiting, even while Redis is away for long */
    bool pressing;     /* loses by waiting at all: it is never paused */
    bool paused;       /* set and cleared by the intake alone */
    bool done;
    struct source_status status;
    struct source_tally tally; /* kept by the intake */
    struct list in_intake;
};

struct source_kind {
    const char *name;
    /* argument: what follows "name=" (NULL: nothing did), without the options; options: what
     * follows the comma after it (NULL: nothing does). 0 with *source, which is not started;
     * -errno with what is wrong in error. */
    int (*open)(const struct source_host *host, const char *argument, const char *options,
                struct source **source, char error[SOURCE_ERROR_MAX]);
};

extern const struct source_kind *const source_kinds[]; /* NULL-terminated */

extern const struct source_kind lines_source, replay_source;
extern const struct source_kind drift_source, exchange_source, injective_source, nano_source,
    zilliqa_source; /* upstream.h */

/* Open "name[=argument[,options]]". spec is borrowed as the label where the kind gives none. 0;
 * -errno with one line. */
int source_open(const struct source_host *host, const char *spec, struct source **source,
                char error[SOURCE_ERROR_MAX]);

static inline void source_free(struct source **source)
{
    if (*source)
        (*source)->ops->free(*source);
    *source = NULL;
}

/* Its state, and since when; why is kept while it is not live. */
void source_set_state(struct source *source, enum source_state state, const char *why);

/* The source's own end: it says so to its host, once. */
void source_done(struct source *source);

/* Open a regular file to be read: its descriptor, with its size in *size (may be NULL); -errno with
 * one line in error. */
int source_file_open(const char *path, uint64_t *size, char error[SOURCE_ERROR_MAX]);

/* Split the next of "a,b=c" off: true, with name and value (NULL without '=') in buf. */
bool source_option(const char **options, char *buf, size_t cap, const char **name,
                   const char **value);

#endif
