/* ws_http.c - what comes before a WebSocket: plain HTTP answers, and the handshake's decision. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/client_rights.h"
#include "gateway/console.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/ws_connection.h"

enum { PATH_MAX_BYTES = 2048 };

static void forget_answer(struct entrance *e)
{
    if (e->answer)
        text_free(&e->answer->body);
    free(e->answer);
    e->answer = NULL;
}

int ws_http_begin(struct connection *conn, const struct address *peer)
{
    conn->entrance = calloc(1, sizeof *conn->entrance);
    if (!conn->entrance)
        return -ENOMEM;
    conn->entrance->conn = conn;
    conn->entrance->peer = *peer;
    return 0;
}

static void upgrade_free(struct upgrade **up)
{
    if (*up)
        grants_free(&(*up)->identity.grants);
    free(*up);
    *up = NULL;
}

void ws_http_forget(struct connection *conn)
{
    struct entrance *e = conn->entrance;

    conn->entrance = NULL;
    if (!e)
        return;
    forget_answer(e);
    published_leave(&e->waiter);
    upgrade_free(&e->upgrade);
    free(e);
}

/* ---- plain HTTP ----------------------------------------------------------------------------- */

static int add_header(struct connection *conn, const char *line, unsigned char **p,
                      unsigned char *limit)
{
    const char *colon = strchr(line, ':');
    char name[40];

    snprintf(name, sizeof name, "%.*s:", (int)(colon - line), line);
    return lws_add_http_header_by_name(conn->wsi, (const unsigned char *)name,
                                       (const unsigned char *)colon + 2, (int)strlen(colon + 2), p,
                                       limit);
}

static int write_answer(struct connection *conn, const struct http_answer *a)
{
    unsigned char buf[LWS_PRE + 1024], *start = buf + LWS_PRE, *p = start;
    unsigned char *limit = buf + sizeof buf - 1;

    if (lws_add_http_common_headers(conn->wsi, (unsigned)a->status, a->content_type,
                                    (lws_filepos_t)a->body.len, &p, limit))
        return -1;
    for (size_t i = 0; i < HTTP_HEADERS_MAX && a->headers[i]; i++)
        if (add_header(conn, a->headers[i], &p, limit))
            return -1;
    if (lws_finalize_write_http_header(conn->wsi, start, &p, limit))
        return -1;
    return 0;
}

/* Answer and keep the body until the socket is ready for it. */
static int answer(struct connection *conn, struct http_answer a)
{
    struct http_answer *kept = malloc(sizeof *kept);

    forget_answer(conn->entrance);
    if (!kept || a.body.failed || write_answer(conn, &a) < 0) {
        text_free(&a.body);
        free(kept);
        return -1;
    }
    *kept = a;
    conn->entrance->answer = kept;
    lws_callback_on_writable(conn->wsi);
    return 0;
}

/* A browser that was sent to the gateway's address wants to see something. */
static bool wants_page(struct connection *conn, const char *path)
{
    char accept[512];

    return strcmp(path, "/") == 0 &&
           !http_hidden(conn->edge->http, CONSOLE_PATH, conn->listener->admin) &&
           lws_hdr_copy(conn->wsi, accept, sizeof accept, WSI_TOKEN_HTTP_ACCEPT) > 0 &&
           strstr(accept, "text/html");
}

static void on_published(struct published_waiter *w)
{
    struct entrance *e = list_entry(w, struct entrance, waiter);
    struct connection *conn = e->conn;

    e->streams_due = true;
    if (conn->wsi)
        lws_callback_on_writable(conn->wsi);
}

/* /streams tells what is in Redis too. False: it is answered when that has come. */
static bool has_all(struct connection *conn, const char *path)
{
    struct published *published = conn->edge->http->published;

    conn->entrance->waiter.ready = on_published;
    return !published || strcmp(path, "/streams") != 0 ||
           http_hidden(conn->edge->http, path, conn->listener->admin) ||
           published_want(published, &conn->entrance->waiter, conn->edge->host->now_ms);
}

int ws_http_request(struct connection *conn, const char *path)
{
    struct ws_edge *edge = conn->edge;

    edge->host->counters->http_requests++;
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_GET_URI) == 0) {
        answer(conn, http_plain(405, "only GET is answered here"));
        return -1;
    }
    wheel_set(edge->host->wheel, &conn->client.timer,
              edge->host->now_ms + edge->host->settings->handshake_timeout_ms);
    if (!has_all(conn, path))
        return 0;
    path = wants_page(conn, path) ? CONSOLE_PATH : path;
    return answer(conn, http_get(edge->http, path, conn->listener->admin));
}

int ws_http_writable(struct connection *conn)
{
    struct http_answer *a = conn->entrance->answer;

    if (conn->entrance->streams_due) {
        conn->entrance->streams_due = false;
        return answer(conn, http_get(conn->edge->http, "/streams", true));
    }
    if (!a)
        return 0;
    int n = lws_write(conn->wsi, (unsigned char *)a->body.at, a->body.len, LWS_WRITE_HTTP_FINAL);
    forget_answer(conn->entrance);
    if (n < 0 || lws_http_transaction_completed(conn->wsi))
        return -1;
    return 0;
}

/* ---- the handshake -------------------------------------------------------------------------- */

const char *ws_http_header(struct connection *conn, enum lws_token_indexes token)
{
    int n = lws_hdr_copy(conn->wsi, conn->edge->headers, WS_HEADERS_MAX, token);

    return n > 0 ? conn->edge->headers : "";
}

/* The query, as it was but decoded. libwebsockets keeps its arguments apart, and would join them
 * with commas. */
const char *ws_http_query(struct connection *conn)
{
    char *buf = conn->edge->headers;
    size_t len = 0;
    int n;

    for (int i = 0; len + 2 < WS_HEADERS_MAX &&
                    (n = lws_hdr_copy_fragment(conn->wsi, buf + len + (i > 0),
                                               (int)(WS_HEADERS_MAX - len - (i > 0)),
                                               WSI_TOKEN_HTTP_URI_ARGS, i)) >= 0;
         i++) {
        if (i > 0)
            buf[len++] = '&';
        len += (size_t)n;
    }
    buf[len] = '\0';
    return buf;
}

/* The values of the headers that libwebsockets knows: it gives no others. */
static size_t header_bytes(struct lws *wsi)
{
    size_t n = 0;

    for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
        int len = lws_hdr_total_length(wsi, (enum lws_token_indexes)token);
        n += len > 0 ? (size_t)len : 0;
    }
    return n;
}

static struct upgrade *upgrade_new(const char *path, const char *query)
{
    size_t path_size = strlen(path) + 1, query_size = strlen(query) + 1;
    struct upgrade *up = calloc(1, sizeof *up + path_size + query_size);

    if (!up)
        return NULL;
    up->path = (char *)(up + 1);
    up->query = up->path + path_size;
    memcpy(up->path, path, path_size);
    memcpy(up->query, query, query_size);
    return up;
}

/* An answer that ends a handshake: written at once, since there is no callback to come back to.
 * 1 tells libwebsockets that it was answered. */
static int refuse_for(struct connection *conn, enum refusal reason, int status, const char *why)
{
    struct http_answer a = http_plain(status, why);
    int err = -1;

    conn->edge->host->counters->refused++;
    conn->edge->host->counters->refusals[reason]++;
    if (!a.body.failed && write_answer(conn, &a) == 0 &&
        lws_write(conn->wsi, (unsigned char *)a.body.at, a.body.len, LWS_WRITE_HTTP_FINAL) >= 0)
        err = 1;
    text_free(&a.body);
    return err;
}

static int refuse(struct connection *conn, int status, const char *why)
{
    return refuse_for(conn, REFUSAL_request, status, why);
}

static int refuse_as(struct connection *conn, enum refusal reason)
{
    return refuse_for(conn, reason, refusals[reason].status, refusals[reason].line);
}

/* What is no handshake of a WebSocket. */
static int check_request(struct connection *conn, const char *to)
{
    if (strcasecmp(to, "websocket") != 0)
        return refuse(conn, 400, "upgrade: only websocket is served here");
    if (strcmp(ws_http_header(conn, WSI_TOKEN_VERSION), "13") != 0)
        return refuse(conn, 426, "sec-websocket-version: only 13 (RFC 6455) is spoken here");
    if (lws_hdr_total_length(conn->wsi, WSI_TOKEN_GET_URI) >= PATH_MAX_BYTES)
        return refuse(conn, 400, "the path is too long");
    return 0;
}

static int note_upgrade(struct connection *conn, struct identity *identity)
{
    char path[PATH_MAX_BYTES];

    upgrade_free(&conn->entrance->upgrade);
    snprintf(path, sizeof path, "%s", ws_http_header(conn, WSI_TOKEN_GET_URI));
    conn->entrance->upgrade = upgrade_new(path, ws_http_query(conn));
    if (!conn->entrance->upgrade) {
        grants_free(&identity->grants);
        return -1;
    }
    conn->entrance->upgrade->identity = *identity;
    /* libwebsockets ends a connection without a word when it knows none of those offered */
    if (subprotocol_choose(ws_http_header(conn, WSI_TOKEN_PROTOCOL), conn->edge->protocol))
        return 0;
    return refuse(conn, 400,
                  "sec-websocket-protocol: at most 126 bytes, 63 for each name; send a "
                  "longer token as ?token=TOKEN or Authorization: Bearer TOKEN");
}

static int find_route(struct connection *conn)
{
    const struct gateway_settings *s = conn->edge->host->settings;
    struct upgrade *up = conn->entrance->upgrade;
    struct route *route = &up->route;

    *route = route_find(s, conn->listener, up->path, up->query);
    if (!route->dialect)
        return refuse(conn, route->status, route->why);
    if (route->dialect->header_max && header_bytes(conn->wsi) > route->dialect->header_max(s))
        return refuse(conn, 431, "the headers are too long");
    return 0;
}

int ws_http_upgrade(struct connection *conn, const char *to)
{
    struct identity identity;
    int answered = check_request(conn, to);

    if (answered)
        return answered;
    if (conn->edge->host->draining)
        return refuse_as(conn, REFUSAL_draining);
    enum refusal refusal = ws_admission_handshake(conn, &identity);
    if (refusal)
        return refuse_as(conn, refusal);
    answered = note_upgrade(conn, &identity);
    return answered ? answered : find_route(conn);
}

int ws_http_established(struct connection *conn)
{
    struct upgrade *up = conn->entrance ? conn->entrance->upgrade : NULL;

    if (!up)
        return -1;
    lws_set_wsi_user(conn->wsi, conn); /* or it would not tell when it is about to close */
    ws_deflate_established(conn, up);
    client_rights_take(&conn->client, &up->identity);
    list_append(&conn->edge->open, &conn->in_open);
    client_open(&conn->client, up->route.dialect, up->route.profile, up->path, up->query);
    ws_http_forget(conn);
    return 0;
}
