/* fake_redis.h - as much of a Redis server as a publisher meets, on the loop of the test itself.
 *
 * It notes every PUBLISH, also those of the script that keeps last values, and answers as the test
 * has set it; an epoch is one more than the last.
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

struct fake_redis {
    uv_tcp_t listener, peer;
    bool listening, connected, waiting; /* waiting: somebody, while another is connected */
    redisReader *reader;
    int port;
    char published[4096]; /* "channel id data " of each, '|' at each new connection */
    size_t bytes;         /* of all payloads */
    unsigned n_published, n_asked, n_connections, n_loaded;
    bool has_script;
    const char *load_error; /* the answer to the next SCRIPT LOAD, once */
    char kept[256];         /* the last key of a last value */
    uint64_t epoch;
    bool silent;               /* does not answer a PUBLISH */
    const char *eval_error;    /* the answer to every EVAL */
    const char *publish_error; /* the answer to the next PUBLISH, once */
    char input[64 * 1024];
};

static void fake_accept(struct fake_redis *fake);

static void fake_answer(struct fake_redis *fake, const char *text)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));

    cr_assert_eq(uv_try_write((uv_stream_t *)&fake->peer, &buf, 1), (int)buf.len);
}

static void fake_peer_closed(uv_handle_t *handle)
{
    struct fake_redis *fake = handle->data;

    fake->connected = false;
    redisReaderFree(fake->reader);
    if (fake->listening && fake->waiting)
        fake_accept(fake);
}

static inline void fake_hang_up(struct fake_redis *fake)
{
    if (fake->connected && !uv_is_closing((uv_handle_t *)&fake->peer))
        uv_close((uv_handle_t *)&fake->peer, fake_peer_closed);
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

static void fake_eval(struct fake_redis *fake)
{
    char text[32], answer[64];

    fake->n_asked++;
    if (fake->eval_error) {
        fake_answer(fake, fake->eval_error);
        return;
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)++fake->epoch);
    snprintf(answer, sizeof answer, "$%zu\r\n%s\r\n", strlen(text), text);
    fake_answer(fake, answer);
}

static void fake_publish(struct fake_redis *fake, const redisReply *channel,
                         const redisReply *payload)
{
    fake_note(fake, channel, payload);
    if (fake->publish_error)
        fake_answer(fake, fake->publish_error);
    else if (!fake->silent)
        fake_answer(fake, ":1\r\n");
    fake->publish_error = NULL;
}

static void fake_load(struct fake_redis *fake)
{
    fake->n_loaded++;
    fake->has_script = !fake->load_error;
    fake_answer(fake, fake->load_error ? fake->load_error
                                       : "$40\r\n0123456789012345678901234567890123456789\r\n");
    fake->load_error = NULL;
}

static void fake_evalsha(struct fake_redis *fake, const redisReply *command)
{
    cr_assert_eq(command->elements, 6u);
    cr_assert_str_eq(command->element[1]->str, "0123456789012345678901234567890123456789");
    cr_assert_str_eq(command->element[2]->str, "2");
    if (!fake->has_script) {
        fake_answer(fake, "-NOSCRIPT No matching script. Please use EVAL.\r\n");
        return;
    }
    snprintf(fake->kept, sizeof fake->kept, "%s", command->element[3]->str);
    fake_publish(fake, command->element[4], command->element[5]);
}

static void fake_command(struct fake_redis *fake, const redisReply *command)
{
    const char *name = command->element[0]->str;

    if (strcmp(name, "PING") == 0) {
        fake_answer(fake, "+PONG\r\n");
    } else if (strcmp(name, "EVAL") == 0) {
        fake_eval(fake);
    } else if (strcmp(name, "PUBLISH") == 0) {
        fake_publish(fake, command->element[1], command->element[2]);
    } else if (strcmp(name, "SCRIPT") == 0) {
        fake_load(fake);
    } else if (strcmp(name, "EVALSHA") == 0) {
        fake_evalsha(fake, command);
    } else {
        cr_assert_fail("unexpected command %s", name);
    }
}

static void fake_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct fake_redis *fake = handle->data;

    (void)suggested;
    *buf = uv_buf_init(fake->input, sizeof fake->input);
}

static void fake_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct fake_redis *fake = stream->data;
    void *command = NULL;

    if (n < 0) {
        fake_hang_up(fake);
        return;
    }
    redisReaderFeed(fake->reader, buf->base, (size_t)n);
    while (!uv_is_closing((uv_handle_t *)stream)) {
        cr_assert_eq(redisReaderGetReply(fake->reader, &command), REDIS_OK);
        if (!command)
            break;
        fake_command(fake, command);
        freeReplyObject(command);
    }
}

static void fake_accept(struct fake_redis *fake)
{
    uv_tcp_init(fake->listener.loop, &fake->peer);
    fake->peer.data = fake;
    cr_assert_eq(uv_accept((uv_stream_t *)&fake->listener, (uv_stream_t *)&fake->peer), 0);
    fake->connected = true;
    fake->waiting = false;
    fake->n_connections++;
    fake->reader = redisReaderCreate();
    if (fake->n_connections > 1)
        strcat(fake->published, "|");
    uv_read_start((uv_stream_t *)&fake->peer, fake_room, fake_read);
}

static void fake_on_connection(uv_stream_t *listener, int status)
{
    struct fake_redis *fake = listener->data;

    cr_assert_eq(status, 0);
    fake->waiting = true;
    if (!fake->connected)
        fake_accept(fake);
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
    fake_hang_up(fake);
    uv_close((uv_handle_t *)&fake->listener, NULL);
}

#endif
