/* ws_clients.c - see ws_clients.h. */
#include "publisher/sources/ws_clients.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "publisher/sources/upstream_ws.h"

enum {
    HEADERS_MAX = 16 * 1024,   /* of a server's answer to the handshake */
    HANDSHAKE_MAX = 32 * 1024, /* of ours, with all its headers */
    NAME_MAX_BYTES = 24,
};

struct ws_clients {
    uv_loop_t *loop;
    struct lws_context *context;
    unsigned n_vhosts;
};

static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_debug("libwebsockets", LOG_TEXT("says", line));
}

struct ws_clients *ws_clients_new(uv_loop_t *loop)
{
    struct ws_clients *clients = calloc(1, sizeof *clients);

    if (clients)
        clients->loop = loop;
    return clients;
}

static bool make_context(struct ws_clients *clients)
{
    void *loops[1] = {clients->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = loops,
        .max_http_header_data = HEADERS_MAX,
        .pt_serv_buf_size = HANDSHAKE_MAX,
        .pcontext = &clients->context,
    };

    if (clients->context)
        return true;
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    clients->context = lws_create_context(&info);
    return clients->context != NULL;
}

/* libwebsockets would make do without the certificates it could not read. */
static bool readable(const char *ca)
{
    SSL_CTX *probe = SSL_CTX_new(TLS_client_method());
    bool good = probe && SSL_CTX_load_verify_locations(probe, ca, NULL) == 1;

    SSL_CTX_free(probe);
    return good;
}

struct lws_vhost *ws_clients_vhost(struct ws_clients *clients, const char *ca,
                                   char error[WS_CLIENTS_ERROR_MAX])
{
    char name[NAME_MAX_BYTES];
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .vhost_name = name,
        .protocols = upstream_ws_protocols(),
        .options =
            LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | (ca ? LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS : 0),
        .client_ssl_ca_filepath = ca,
        .alpn = "http/1.1",
    };
    struct lws_vhost *vhost = NULL;

    if (ca && !readable(ca)) {
        snprintf(error, WS_CLIENTS_ERROR_MAX, "ca '%.100s': no certificates can be read there", ca);
        return NULL;
    }
    snprintf(name, sizeof name, "upstream-%u", clients->n_vhosts);
    if (make_context(clients))
        vhost = lws_create_vhost(clients->context, &info);
    if (vhost)
        clients->n_vhosts++;
    else
        snprintf(error, WS_CLIENTS_ERROR_MAX,
                 "libwebsockets could not be started (is libwebsockets-evlib-uv installed?)");
    return vhost;
}

struct lws_context *ws_clients_context(struct ws_clients *clients)
{
    return clients->context;
}

void ws_clients_stop(struct ws_clients *clients)
{
    if (clients && clients->context)
        lws_context_destroy(clients->context);
}

void ws_clients_free(struct ws_clients **clientsp)
{
    struct ws_clients *clients = *clientsp;

    *clientsp = NULL;
    if (!clients)
        return;
    if (clients->context)
        lws_context_destroy(clients->context); /* the second of two */
    free(clients);
}
