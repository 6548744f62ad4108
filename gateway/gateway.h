/* gateway.h - one gateway: everything it consists of, wired together, and its turn of the loop.
 *
 *   link -> intake -> hub -> view -> client's queue -> ws_edge         (data, down)
 *   ws_edge -> client -> dialect -> view -> hub -> link                (wishes, up)
 *
 * One process runs one gateway; it has no process-wide variables, so a test may run two.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <uv.h>

struct counters;
struct gateway;
struct gateway_settings;
struct limits_shared;

struct gateway_config {
    struct gateway_settings *settings; /* changed by a reload */
    struct counters *workers;          /* of all workers; workers[index] is ours to write */
    unsigned n_workers, index;
    struct limits_shared *limits; /* of all workers */
    const int *listening;         /* settings->n_addresses sockets, ours from now on */
};

/* NULL on failure (logged). The config is borrowed. */
struct gateway *gateway_new(uv_loop_t *loop, const struct gateway_config *config);

/* Runs until a drain has ended; returns the process' exit code. */
int gateway_run(struct gateway *gw);

/* The settings have been loaded anew, in place. */
void gateway_reloaded(struct gateway *gw);

/* Close the listening sockets, say not ready, close clients over the drain window, then end.
 * Called again, it ends at once. */
void gateway_drain(struct gateway *gw);

/* The loop may be closed afterwards. NULL is fine. */
void gateway_free(struct gateway **gw);

#endif
