/* counters.h - what a gateway counts, and its rendering as Prometheus text.
 *
 * Every worker process has one struct counters, all of them in one table of shared memory, so that
 * any worker can render the sum. A worker writes only its own; a reader may see a value that is a
 * moment old, never a torn one (aligned 64-bit words).
 */
#ifndef GATEWAY_COUNTERS_H
#define GATEWAY_COUNTERS_H

#include <stdint.h>

#include "common/text.h"
#include "gateway/stream_class.h"

/* name, Prometheus name, type, help */
#define COUNTERS(X)                                                                                \
    X(clients, "sluice_clients", "gauge", "WebSocket connections open now")                        \
    X(injective_clients, "sluice_injective_clients", "gauge",                                      \
      "Clients of the Injective dialect now")                                                      \
    X(connections, "sluice_connections", "gauge", "Connections of any kind now")                   \
    X(subscriptions, "sluice_subscriptions", "gauge", "Subscriptions of all clients now")          \
    X(views, "sluice_views", "gauge", "Distinct requests being served now")                        \
    X(streams, "sluice_streams", "gauge", "Streams with at least one listener here now")           \
    X(queued_bytes, "sluice_queued_bytes", "gauge", "Bytes that slow clients are due now")         \
    X(queue_memory, "sluice_queue_memory_bytes", "gauge",                                          \
      "Memory that these take: what waits in many queues counts once")                             \
    X(slow_clients, "sluice_slow_clients", "gauge", "Clients with a queue now")                    \
    X(link_ready, "sluice_redis_links_ready", "gauge", "Redis links that hear what is published")  \
    X(redis_masters, "sluice_redis_masters", "gauge", "Redis servers that have to be heard")       \
    X(redis_hearing, "sluice_redis_masters_heard", "gauge", "Redis servers that are heard")        \
    X(redis_form_differs, "sluice_redis_form_differs", "gauge",                                    \
      "Workers whose publishers use the other form of Pub/Sub (plain, sharded)")                   \
    X(workers, "sluice_workers", "gauge", "Worker processes running")                              \
    X(resident_bytes, "process_resident_memory_bytes", "gauge", "Resident memory of all workers")  \
    X(open_fds, "process_open_fds", "gauge", "Open file descriptors of all workers")               \
    X(max_fds, "process_max_fds", "gauge", "Limits on file descriptors of all workers together")   \
    X(accepted, "sluice_accepted_connections_total", "counter", "TCP connections accepted")        \
    X(handshakes, "sluice_handshakes_total", "counter", "WebSocket handshakes completed")          \
    X(refused, "sluice_refused_handshakes_total", "counter", "Requests to upgrade refused")        \
    X(http_requests, "sluice_http_requests_total", "counter", "Plain HTTP requests answered")      \
    X(requests, "sluice_requests_total", "counter", "Messages received from clients")              \
    X(bad_requests, "sluice_bad_requests_total", "counter",                                        \
      "Messages from clients that were not valid requests")                                        \
    X(denied, "sluice_denied_subscriptions_total", "counter",                                      \
      "Subscriptions that a client's credentials do not allow")                                    \
    X(deliveries, "sluice_deliveries_total", "counter", "Frames queued for clients")               \
    X(held_back, "sluice_held_back_frames_total", "counter",                                       \
      "Frames not queued because the dialect lets a slow client skip them")                        \
    X(sent_bytes, "sluice_sent_bytes_total", "counter", "Bytes written to clients")                \
    X(writes, "sluice_writes_total", "counter", "Writes to client sockets")                        \
    X(deflated, "sluice_deflated_frames_total", "counter",                                         \
      "Frames compressed, each once for all clients that negotiated it")                           \
    X(redis_bytes, "sluice_redis_received_bytes_total", "counter",                                 \
      "Bytes of messages received from Redis")                                                     \
    X(redis_unwanted, "sluice_redis_unwanted_messages_total", "counter",                           \
      "Messages from Redis for streams nobody listens to any more")                                \
    X(link_losses, "sluice_redis_link_losses_total", "counter", "Redis links lost or given up")    \
    X(fills, "sluice_history_fills_total", "counter",                                              \
      "Times a stream's history was read because something was or might be missing")               \
    X(fill_failures, "sluice_history_fill_failures_total", "counter",                              \
      "Times a history did not reach back to what was passed on last")                             \
    X(history_refused, "sluice_history_refused_total", "counter",                                  \
      "Questions to histories that Redis refused")                                                 \
    X(history_bad, "sluice_history_bad_entries_total", "counter",                                  \
      "Entries of histories that hold no message")                                                 \
    X(resumed, "sluice_resumed_subscriptions_total", "counter",                                    \
      "Subscriptions that began at an id or with a last value")                                    \
    X(replayed, "sluice_replayed_messages_total", "counter",                                       \
      "Messages that such subscriptions were given from histories and last values")                \
    X(moved_streams, "sluice_redis_moved_streams_total", "counter",                                \
      "Streams whose slot moved to another Redis server")                                          \
    X(refused_subscriptions, "sluice_redis_refused_subscriptions_total", "counter",                \
      "Subscriptions that Redis refused")                                                          \
    X(queue_overflows, "sluice_queue_overflows_total", "counter",                                  \
      "Times a client's queue went over its limit")

/* Per stream class. */
#define CLASS_COUNTERS(X)                                                                          \
    X(messages, "sluice_messages_total", "Messages from Redis passed on")                          \
    X(dropped_bad, "sluice_dropped_messages_total{reason=\"bad\"}", "")                            \
    X(dropped_oversized, "sluice_dropped_messages_total{reason=\"oversized\"}", "")                \
    X(dropped_repeated, "sluice_dropped_messages_total{reason=\"repeated\"}", "")                  \
    X(dropped_stale, "sluice_dropped_messages_total{reason=\"stale_epoch\"}", "")                  \
    X(dropped_older, "sluice_dropped_messages_total{reason=\"older\"}", "")                        \
    X(dropped_memory, "sluice_dropped_messages_total{reason=\"memory\"}", "")                      \
    X(filled, "sluice_filled_messages_total",                                                      \
      "Messages passed on late, from the stream's history")                                        \
    X(gaps, "sluice_gaps_total", "Holes found in streams")                                         \
    X(gap_messages, "sluice_gap_messages_total", "Messages known to be missing in those holes")    \
    X(frames_conflated, "sluice_dropped_frames_total{reason=\"conflated\"}",                       \
      "Frames taken out of the queues of slow clients, by reason")                                 \
    X(frames_dropped, "sluice_dropped_frames_total{reason=\"dropped\"}", "")                       \
    X(frames_unsent, "sluice_dropped_frames_total{reason=\"closed\"}", "")

enum { LATENCY_BUCKETS = 12, CLOSE_REASONS_MAX = 32, REFUSALS_MAX = 24 };

struct class_counters {
#define X(name, metric, help) uint64_t name;
    CLASS_COUNTERS(X)
#undef X
};

struct counters {
#define X(name, metric, type, help) uint64_t name;
    COUNTERS(X)
#undef X
    struct class_counters of_class[STREAM_CLASSES_MAX];
    uint64_t closes[CLOSE_REASONS_MAX]; /* by enum close_reason */
    uint64_t refusals[REFUSALS_MAX];    /* by enum refusal */
    /* From the publisher's time stamp to the end of the turn that wrote the message out. */
    uint64_t latency[LATENCY_BUCKETS + 1]; /* the last: above every bound */
    uint64_t latency_sum_us;
    /* Processor time of this worker and of those whose place it took; Unix time of its start. */
    uint64_t cpu_us, cpu_before_us, started_s;
    uint64_t beats; /* grows ten times a second while the worker's loop turns */
};

void counters_latency(struct counters *c, uint64_t us);

/* Zero what describes the present, for a worker that has just begun or just died. */
void counters_clear_gauges(struct counters *c);

/* The sum of n workers' counters as Prometheus text (format 0.0.4). */
void counters_render(const struct counters *workers, unsigned n,
                     const struct stream_classes *classes, struct text *out);

#endif
