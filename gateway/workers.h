/* workers.h - N processes that share nothing but the listening addresses and a table of counters.
 *
 * With one worker there is no second process. With more, this one only supervises: it forks them,
 * starts one again that died (with backoff), hands on signals, and ends when they have ended.
 */
#ifndef GATEWAY_WORKERS_H
#define GATEWAY_WORKERS_H

struct counters;
struct gateway_settings;
struct limits_shared;

/* Runs a worker in a process of its own (or this one): its exit code. `listening` holds one socket
 * per address; they are the worker's. */
typedef int worker_fn(void *ctx, struct gateway_settings *settings, struct counters *workers,
                      struct limits_shared *limits, unsigned index, const int *listening);

/* Open the addresses and run everything; the process' exit code. 2 when an address cannot be
 * listened on, with one clear line on standard error. */
int workers_run(struct gateway_settings *settings, worker_fn *worker, void *ctx);

#endif
