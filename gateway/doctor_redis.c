/* doctor_redis.c - the doctor's questions to Redis: one server after the other, one question after
 * the other. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <uv.h>

#include "common/redis_query.h"
#include "gateway/doctor.h"
#include "gateway/gateway_settings.h"

enum {
    VERSION_LEAST = 6,               /* major; sharded Pub/Sub needs 7 */
    BUFFER_LEAST = 128 << 20,        /* of client-output-buffer-limit pubsub; 0: no limit */
    CLOCKS_APART_MS = 200,           /* more is a warning */
    CONNECTIONS_OF_A_WORKER = 2 + 1, /* what it hears by, what it asks by, and one while it moves */
    CLIENTS_NEARLY_ALL_PERCENT = 80,
};

/* One server that is being asked. */
struct visit {
    struct findings *f;
    const struct gateway_settings *settings;
    char about[REDIS_ADDRESS_MAX + 8];
    uint64_t asked_us;
    bool answered, gone;
    void (*judge)(struct visit *v, const redisReply *reply);
    struct redis_address *master; /* of a sentinel: filled in */
};

static uint64_t now_us(void)
{
    struct timeval t;

    gettimeofday(&t, NULL);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

/* ---- one answer each ------------------------------------------------------------------------ */

/* The value of "field:" in INFO, up to the end of its line, in buf; "" when it is not there. */
static const char *info_text(const char *info, const char *field, char buf[64])
{
    size_t len = strlen(field);

    *buf = '\0';
    for (const char *line = info; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, field, len) == 0 && line[len] == ':') {
            snprintf(buf, 64, "%.*s", (int)strcspn(line + len + 1, "\r\n"), line + len + 1);
            break;
        }
    }
    return buf;
}

static uint64_t info_number(const char *info, const char *field)
{
    char buf[64];

    return strtoull(info_text(info, field, buf), NULL, 10);
}

static void judge_clients(struct visit *v, const char *info)
{
    uint64_t now = info_number(info, "connected_clients"), most = info_number(info, "maxclients");
    uint64_t ours = CONNECTIONS_OF_A_WORKER * v->settings->workers;

    if (most == 0)
        return; /* before Redis 7 INFO does not say */
    bool full = now + ours > most;
    bool nearly = (now + ours) * 100 > most * CLIENTS_NEARLY_ALL_PERCENT;
    doctor_tell(v->f,
                full     ? VERDICT_FAIL
                : nearly ? VERDICT_WARN
                         : VERDICT_OK,
                v->about,
                "%" PRIu64 " of maxclients %" PRIu64 " connections are in use, this gateway needs "
                "%" PRIu64 "%s",
                now, most, ours, full || nearly ? "; raise maxclients" : "");
}

static void judge_role(struct visit *v, const char *info)
{
    enum redis_kind kind = v->settings->redis_url.kind;
    bool cluster = info_number(info, "cluster_enabled") == 1;
    char role[64];

    if (kind == REDIS_CLUSTER && !cluster)
        doctor_tell(v->f, VERDICT_FAIL, v->about, "is no node of a Cluster; say redis://");
    else if (kind != REDIS_CLUSTER && cluster)
        doctor_tell(v->f, VERDICT_FAIL, v->about, "is a node of a Cluster; say redis+cluster://");
    else if (kind == REDIS_SINGLE && strcmp(info_text(info, "role", role), "slave") == 0)
        doctor_tell(v->f, VERDICT_FAIL, v->about,
                    "is a replica: what is published elsewhere never gets to it; name the master");
}

static void judge_info(struct visit *v, const redisReply *reply)
{
    char version[64];

    if (reply->type != REDIS_REPLY_STRING) {
        doctor_tell(v->f, VERDICT_WARN, v->about, "does not tell of itself (INFO): %s",
                    reply->str ? reply->str : "no text");
        return;
    }
    info_text(reply->str, "redis_version", version);
    long least = v->settings->naming.sharded ? 7 : VERSION_LEAST;
    bool old = *version && strtol(version, NULL, 10) < least;
    doctor_tell(v->f, old ? VERDICT_WARN : VERDICT_OK, v->about,
                "Redis %s answered within %" PRIu64 " ms%s", *version ? version : "of some version",
                (now_us() - v->asked_us) / 1000, old ? "; it is older than what is tested" : "");
    judge_role(v, reply->str);
    judge_clients(v, reply->str);
}

/* "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60" */
static void judge_buffers(struct visit *v, const redisReply *reply)
{
    const char *text =
        reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && reply->element[1]->str
            ? reply->element[1]->str
            : "";
    const char *found = strstr(text, "pubsub ");
    uint64_t hard = 0, soft = 0, seconds = 0;

    if (!found ||
        sscanf(found, "pubsub %" SCNu64 " %" SCNu64 " %" SCNu64, &hard, &soft, &seconds) != 3) {
        doctor_tell(v->f, VERDICT_WARN, v->about,
                    "does not tell client-output-buffer-limit; it should be pubsub 256mb 64mb 60");
        return;
    }
    bool low = hard && hard < BUFFER_LEAST;
    doctor_tell(v->f, low ? VERDICT_WARN : VERDICT_OK, v->about,
                "client-output-buffer-limit pubsub %" PRIu64 "mb %" PRIu64 "mb %" PRIu64 "%s",
                hard >> 20, soft >> 20, seconds,
                low ? ": a short stall of a gateway costs its link; set pubsub 256mb 64mb 60" : "");
}

static void judge_time(struct visit *v, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return;
    uint64_t theirs = strtoull(reply->element[0]->str, NULL, 10) * 1000000 +
                      strtoull(reply->element[1]->str, NULL, 10);
    uint64_t ours = v->asked_us + (now_us() - v->asked_us) / 2;
    uint64_t apart_ms = (theirs > ours ? theirs - ours : ours - theirs) / 1000;
    bool far = apart_ms > CLOCKS_APART_MS;

    doctor_tell(v->f, far ? VERDICT_WARN : VERDICT_OK, v->about,
                "clocks are %" PRIu64 " ms apart%s", apart_ms,
                far ? ": latencies will be wrong by that; is NTP running?" : "");
}

static void judge_publish(struct visit *v, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        doctor_tell(
            v->f, VERDICT_FAIL, v->about,
            "refuses the probe by which a gateway knows that it hears (PUBLISH %s_probe.*): "
            "%s",
            v->settings->prefix, reply->str);
}

static void judge_sentinel(struct visit *v, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        doctor_tell(v->f, VERDICT_FAIL, v->about, "knows no master called %s",
                    v->settings->redis_url.master);
        return;
    }
    snprintf(v->master->host, sizeof v->master->host, "%s", reply->element[0]->str);
    snprintf(v->master->port, sizeof v->master->port, "%s", reply->element[1]->str);
    doctor_tell(v->f, VERDICT_OK, v->about, "says that %s is at %s:%s",
                v->settings->redis_url.master, v->master->host, v->master->port);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void on_answer(void *ctx, const redisReply *reply, const char *why)
{
    struct visit *v = ctx;

    v->answered = true;
    if (!reply) {
        v->gone = true;
        doctor_tell(v->f, VERDICT_FAIL, v->about, "%s", why);
    } else {
        v->judge(v, reply);
    }
}

static void ask(struct visit *v, uv_loop_t *loop, struct redis_query *query, int n,
                const char *const *words, void (*judge)(struct visit *v, const redisReply *reply))
{
    if (v->gone)
        return;
    v->answered = false;
    v->judge = judge;
    v->asked_us = now_us();
    redis_query_ask(query, n, words);
    while (!v->answered)
        uv_run(loop, UV_RUN_ONCE);
}

static void ask_server(struct visit *v, uv_loop_t *loop, struct redis_query *query)
{
    char probe[STREAM_PREFIX_MAX + 32];

    snprintf(probe, sizeof probe, "%s_probe.check", v->settings->prefix);
    ask(v, loop, query, 1, (const char *const[]){"INFO"}, judge_info);
    ask(v, loop, query, 3, (const char *const[]){"CONFIG", "GET", "client-output-buffer-limit"},
        judge_buffers);
    ask(v, loop, query, 1, (const char *const[]){"TIME"}, judge_time);
    ask(v, loop, query, 3, (const char *const[]){"PUBLISH", probe, "0"}, judge_publish);
}

static void visit(struct findings *f, const struct gateway_settings *s,
                  const struct redis_address *address, struct redis_address *master)
{
    const struct redis_url *url = &s->redis_url;
    char text[REDIS_ADDRESS_MAX];
    struct visit v = {.f = f, .settings = s, .master = master};
    uv_loop_t loop;

    snprintf(v.about, sizeof v.about, master ? "sentinel %s" : "redis %s",
             redis_address_text(address, text, sizeof text));
    if (uv_loop_init(&loop) < 0)
        return;
    struct redis_query *query =
        redis_query_new(&loop, address, master ? &url->sentinel_login : &url->login, on_answer, &v);
    if (query && master)
        ask(&v, &loop, query, 3,
            (const char *const[]){"SENTINEL", "GET-MASTER-ADDR-BY-NAME", url->master},
            judge_sentinel);
    else if (query)
        ask_server(&v, &loop, query);
    redis_query_free(&query);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

void doctor_redis(struct findings *f, const struct gateway_settings *s)
{
    struct redis_address master = {0};
    bool sentinel = s->redis_url.kind == REDIS_SENTINEL;

    for (unsigned i = 0; i < s->redis_url.n_seeds; i++)
        visit(f, s, &s->redis_url.seeds[i], sentinel ? &master : NULL);
    if (*master.host)
        visit(f, s, &master, NULL);
}
