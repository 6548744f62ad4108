/* fake_redis.h - as much of a Redis server as a publisher meets, on the loop of the test itself.
 *
 * It notes every PUBLISH, also those of the script that keeps histories and last values, and
 * answers as the test has set it; an epoch is one more than the last. There are two connections to
 * it: the one that publishes, known by its INFO, and the one that asks for epochs and the lease.
 */
#ifndef TESTS_FAKE_REDIS_H
#define TESTS_FAKE_REDIS_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { FAKE_PEERS = 8 };

struct fake_redis;

struct fake_peer {
    uv_tcp_t tcp;
    struct fake_redis *fake;
    redisReader *reader; /* NULL: nobody is connected here */
    bool publishes;
};

struct fake_redis {
    uv_tcp_t listener;
    struct fake_peer peers[FAKE_PEERS];
    bool listening;
    int port;
    char published[4096]; /* "channel id data " of each, '|' at each new publishing connection */
    size_t bytes;         /* of all payloads */
    unsigned n_published, n_asked, n_connections, n_loaded;
    bool has_script;
    const char *load_error; /* the answer to the next SCRIPT LOAD, once */
    char kept[256];         /* the last key of a history or last value */
    const char *run_id;     /* what INFO says; NULL: "r1" */
    bool forgotten;         /* the lease: nothing is known of it */
    char asked[256];        /* of the lease: the first letter of every wish */
    const char *leader;     /* who has the lease; NULL: nobody */
    const char *histories;  /* the answer to every XREVRANGE; NULL: empty */
    unsigned n_read;        /* of them */
    uint64_t epoch;
    bool silent;               /* does not answer a PUBLISH */
    const char *eval_error;    /* the answer to every EVAL */
    const char *publish_error; /* the answer to the next PUBLISH, once */
    char input[64 * 1024];
};

static void fake_answer_to(struct fake_peer *peer, const char *text)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));

    cr_assert_eq(uv_try_write((uv_stream_t *)&peer->tcp, &buf, 1), (int)buf.len);
}

static void fake_peer_closed(uv_handle_t *handle)
{
    struct fake_peer *peer = handle->data;

    redisReaderFree(peer->reader);
    peer->reader = NULL;
}

static void fake_hang_up_on(struct fake_peer *peer)
{
    if (peer->reader && !uv_is_closing((uv_handle_t *)&peer->tcp))
        uv_close((uv_handle_t *)&peer->tcp, fake_peer_closed);
}

static struct fake_peer *fake_publishing(struct fake_redis *fake)
{
    for (int i = 0; i < FAKE_PEERS; i++)
        if (fake->peers[i].reader && fake->peers[i].publishes &&
            !uv_is_closing((uv_handle_t *)&fake->peers[i].tcp))
            return &fake->peers[i];
    return NULL;
}

/* The publishing connection. */
static inline void fake_hang_up(struct fake_redis *fake)
{
    if (fake_publishing(fake))
        fake_hang_up_on(fake_publishing(fake));
}

static inline void fake_answer(struct fake_redis *fake, const char *text)
{
    cr_assert_not_null(fake_publishing(fake));
    fake_answer_to(fake_publishing(fake), text);
}

static void fake_note(struct fake_redis *fake, const redisReply *channel, const redisReply *payload)
{
    size_t at = strlen(fake->published), room = sizeof fake->published - at;
    int id = (int)strcspn(payload->str, " ");
    const char *data = strchr(payload->str, '\n');

    cr_assert_not_null(data);
    fake->n_published++;
    fake->bytes += payload->len;
    if (payload->len < 200 && room > 300)
        snprintf(fake->published + at, room, "%s %.*s %s ", channel->str, id, payload->str,
                 data + 1);
}

static void fake_epoch(struct fake_peer *peer, const char *owner)
{
    char text[32], answer[200];

    snprintf(text, sizeof text, "%llu", owner ? 0 : (unsigned long long)++peer->fake->epoch);
    snprintf(answer, sizeof answer, "*2\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(text), text,
             strlen(owner ? owner : ""), owner ? owner : "");
    fake_answer_to(peer, answer);
}

/* EVAL script 1 key, or with a lease: wish owner ms epoch. */
static void fake_eval(struct fake_peer *peer, const redisReply *command)
{
    struct fake_redis *fake = peer->fake;
    const char *wish = command->elements > 4 ? command->element[4]->str : "take";
    char answer[200];

    if (command->elements > 4 && strlen(fake->asked) < sizeof fake->asked - 1)
        strncat(fake->asked, wish, 1);
    if (fake->eval_error) {
        fake->n_asked++;
        fake_answer_to(peer, fake->eval_error);
    } else if (*wish == 't' || (*wish == 'i' && !fake->forgotten)) {
        fake->n_asked++;
        fake_epoch(peer, fake->leader);
    } else if (*wish == 'k' && !fake->leader) {
        snprintf(answer, sizeof answer, "*2\r\n$%zu\r\n%s\r\n$0\r\n\r\n", command->element[7]->len,
                 command->element[7]->str);
        fake_answer_to(peer, answer);
    } else {
        fake_epoch(peer, fake->leader ? fake->leader : "");
    }
}

static void fake_publish(struct fake_peer *peer, const redisReply *channel,
                         const redisReply *payload)
{
    struct fake_redis *fake = peer->fake;

    fake_note(fake, channel, payload);
    if (fake->publish_error)
        fake_answer_to(peer, fake->publish_error);
    else if (!fake->silent)
        fake_answer_to(peer, ":1\r\n");
    fake->publish_error = NULL;
}

static void fake_info(struct fake_peer *peer)
{
    const char *id = peer->fake->run_id ? peer->fake->run_id : "r1";
    char answer[100];

    peer->publishes = true;
    if (++peer->fake->n_connections > 1)
        strcat(peer->fake->published, "|");
    snprintf(answer, sizeof answer, "$%zu\r\nrun_id:%s\r\n\r\n", strlen(id) + 9, id);
    fake_answer_to(peer, answer);
}

static void fake_load(struct fake_peer *peer)
{
    struct fake_redis *fake = peer->fake;

    fake->n_loaded++;
    fake->has_script = !fake->load_error;
    fake_answer_to(peer, fake->load_error ? fake->load_error
                                          : "$40\r\n0123456789012345678901234567890123456789\r\n");
    fake->load_error = NULL;
}

/* EVALSHA sha n keys... channel epoch seq entries age message */
static void fake_evalsha(struct fake_peer *peer, const redisReply *command)
{
    size_t keys = command->element[2]->str[0] == '2' ? 2 : 1;

    cr_assert_eq(command->elements, 9 + keys);
    cr_assert_str_eq(command->element[1]->str, "0123456789012345678901234567890123456789");
    if (!peer->fake->has_script) {
        fake_answer_to(peer, "-NOSCRIPT No matching script. Please use EVAL.\r\n");
        return;
    }
    snprintf(peer->fake->kept, sizeof peer->fake->kept, "%s", command->element[3]->str);
    fake_publish(peer, command->element[3 + keys], command->element[8 + keys]);
}

static void fake_command(struct fake_peer *peer, const redisReply *command)
{
    const char *name = command->element[0]->str;

    if (strcmp(name, "PING") == 0) {
        fake_answer_to(peer, "+PONG\r\n");
    } else if (strcmp(name, "INFO") == 0) {
        fake_info(peer);
    } else if (strcmp(name, "EVAL") == 0) {
        fake_eval(peer, command);
    } else if (strcmp(name, "PUBLISH") == 0) {
        fake_publish(peer, command->element[1], command->element[2]);
    } else if (strcmp(name, "SCRIPT") == 0) {
        fake_load(peer);
    } else if (strcmp(name, "EVALSHA") == 0) {
        fake_evalsha(peer, command);
    } else if (strcmp(name, "XREVRANGE") == 0) {
        peer->fake->n_read++;
        fake_answer_to(peer, peer->fake->histories ? peer->fake->histories : "*0\r\n");
    } else if (strcmp(name, "GETSET") == 0) {
        fake_answer_to(peer, "$-1\r\n");
    } else {
        cr_assert_fail("unexpected command %s", name);
    }
}

static void fake_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct fake_peer *peer = handle->data;

    (void)suggested;
    *buf = uv_buf_init(peer->fake->input, sizeof peer->fake->input);
}

static void fake_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct fake_peer *peer = stream->data;
    void *command = NULL;

    if (n < 0) {
        fake_hang_up_on(peer);
        return;
    }
    redisReaderFeed(peer->reader, buf->base, (size_t)n);
    while (!uv_is_closing((uv_handle_t *)stream)) {
        cr_assert_eq(redisReaderGetReply(peer->reader, &command), REDIS_OK);
        if (!command)
            break;
        fake_command(peer, command);
        freeReplyObject(command);
    }
}

static void fake_on_connection(uv_stream_t *listener, int status)
{
    struct fake_redis *fake = listener->data;
    struct fake_peer *peer = fake->peers;

    cr_assert_eq(status, 0);
    while (peer->reader)
        cr_assert_lt(++peer - fake->peers, FAKE_PEERS);
    uv_tcp_init(listener->loop, &peer->tcp);
    peer->tcp.data = peer;
    peer->fake = fake;
    peer->publishes = false;
    cr_assert_eq(uv_accept(listener, (uv_stream_t *)&peer->tcp), 0);
    peer->reader = redisReaderCreate();
    uv_read_start((uv_stream_t *)&peer->tcp, fake_room, fake_read);
}

/* Listen on port, 0: any free one. */
static inline void fake_listen(struct fake_redis *fake, uv_loop_t *loop, int port)
{
    struct sockaddr_in at;
    int len = sizeof at;

    uv_ip4_addr("127.0.0.1", port, &at);
    uv_tcp_init(loop, &fake->listener);
    fake->listener.data = fake;
    cr_assert_eq(uv_tcp_bind(&fake->listener, (const struct sockaddr *)&at, 0), 0);
    cr_assert_eq(uv_listen((uv_stream_t *)&fake->listener, 8, fake_on_connection), 0);
    uv_tcp_getsockname(&fake->listener, (struct sockaddr *)&at, &len);
    fake->port = ntohs(at.sin_port);
    fake->listening = true;
}

/* The loop must run once more. */
static inline void fake_stop(struct fake_redis *fake)
{
    if (!fake->listening)
        return;
    fake->listening = false;
    for (int i = 0; i < FAKE_PEERS; i++)
        fake_hang_up_on(&fake->peers[i]);
    uv_close((uv_handle_t *)&fake->listener, NULL);
}

#endif
