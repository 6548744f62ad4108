/* ws_deflate.c - permessage-deflate (RFC 7692) at the edge.
 *
 * libwebsockets has an implementation of its own, with a compressor for each connection. Ours is an
 * extension that does nothing: libwebsockets lets the reserved bit pass, and compressed bytes come
 * in as they are. What goes out does not pass through it anyway (ws_edge.h).
 */
#include <errno.h>
#include <string.h>

#include "gateway/deflate_offer.h"
#include "gateway/dialects/dialect.h"
#include "gateway/gateway_settings.h"
#include "gateway/inflater.h"
#include "gateway/ws_connection.h"

enum {
    EXTENSION_NAME_MAX = 64, /* libwebsockets' buffer for it */
    HEADER_MAX = 256,        /* libwebsockets fails a handshake that has more of it */
    RSV1 = 0x40,
    PASS_ON = 5, /* its PMDR_NOTHING_WE_SHOULD_DO: what comes in goes on as it came */
};

static const char answer[] = "permessage-deflate; server_no_context_takeover";
_Static_assert(sizeof answer <= EXTENSION_NAME_MAX, "written over the name in that buffer");

/* ---- the handshake -------------------------------------------------------------------------- */

/* What of the offer libwebsockets repeats in the answer. server_no_context_takeover is there
 * already, and client_max_window_bits needs no answer: we take any window. */
static const struct lws_ext_options echoed[] = {
    {"client_no_context_takeover", EXTARG_NONE},
    {NULL, EXTARG_NONE},
};

static int on_extension(struct lws_context *context, const struct lws_extension *ext,
                        struct lws *wsi, enum lws_extension_callback_reasons reason, void *user,
                        void *in, size_t len)
{
    (void)context, (void)ext, (void)wsi, (void)len;
    switch (reason) {
    case LWS_EXT_CB_CONSTRUCT:
        *(void **)user = NULL; /* there is no state */
        *(const struct lws_ext_options **)in = echoed;
        return 0;
    case LWS_EXT_CB_PAYLOAD_RX: return PASS_ON;
    default: return 0;
    }
}

const struct lws_extension ws_deflate_extensions[] = {
    {"permessage-deflate", on_extension, NULL},
    {NULL, NULL, NULL},
};

/* libwebsockets asks for one offer after the other and takes the first one that is agreed to; when
 * another follows, it may fail the handshake. So only the last one is looked at: where there are
 * several, that is the least demanding one. */
int ws_deflate_confirm(struct connection *conn, char *name)
{
    const struct gateway_settings *s = conn->edge->host->settings;
    struct upgrade *up = conn->entrance ? conn->entrance->upgrade : NULL;
    struct deflate_offer offer;
    char header[HEADER_MAX];

    if (!up || !s->deflate || !up->route.dialect || !up->route.dialect->deflate ||
        lws_hdr_copy(conn->wsi, header, sizeof header, WSI_TOKEN_EXTENSIONS) <= 0)
        return 1;
    if (++up->offers != deflate_offers(header, &offer) || !offer.usable)
        return 1;
    up->deflate = true;
    up->resets = offer.client_no_context_takeover;
    memcpy(name, answer, sizeof answer);
    return 0;
}

void ws_deflate_established(struct connection *conn, const struct upgrade *up)
{
    conn->client.deflate = up->deflate;
    conn->resets = up->resets;
}

void ws_deflate_forget(struct connection *conn)
{
    inflater_free(&conn->inflater);
}

/* ---- what comes in -------------------------------------------------------------------------- */

static bool pass_on(void *ctx, const char *bytes, size_t len)
{
    struct connection *conn = ctx;
    bool first = !conn->begun;

    conn->begun = true;
    client_receive(&conn->client, bytes, len, first, false, lws_frame_is_binary(conn->wsi) != 0);
    return conn->client.state == CLIENT_OPEN;
}

static void unpack(struct connection *conn, const char *bytes, size_t len, bool last)
{
    struct client *c = &conn->client;

    client_heard(c);
    if (!conn->inflater && !(conn->inflater = inflater_new())) {
        client_close(c, CLOSE_no_memory);
        return;
    }
    int err = inflater_feed(conn->inflater, bytes, len, last, pass_on, conn);
    if (err) {
        client_close(c, err == -ENOMEM ? CLOSE_no_memory : CLOSE_bad_deflate);
        return;
    }
    if (!last || c->state != CLIENT_OPEN)
        return;
    client_receive(c, "", 0, !conn->begun, true, lws_frame_is_binary(conn->wsi) != 0);
    if (conn->resets)
        inflater_free(&conn->inflater);
}

/* RSV1 marks the first frame of a compressed message, and no other bit has a meaning. Where nothing
 * was negotiated libwebsockets has refused them all. */
static bool bits_are_right(struct connection *conn, bool first)
{
    int bits = lws_get_reserved_bits(conn->wsi);

    if (first)
        conn->deflated = bits == RSV1;
    return bits == 0 || (first && bits == RSV1);
}

void ws_deflate_receive(struct connection *conn, const char *bytes, size_t len)
{
    struct client *c = &conn->client;
    bool first = lws_is_first_fragment(conn->wsi) != 0;
    bool last = lws_is_final_fragment(conn->wsi) != 0;

    if (c->deflate && !conn->in_frame && !bits_are_right(conn, first))
        client_close(c, CLOSE_bad_frame);
    conn->in_frame = lws_remaining_packet_payload(conn->wsi) > 0;
    if (first)
        conn->begun = false;
    if (!conn->deflated)
        client_receive(c, bytes, len, first, last, lws_frame_is_binary(conn->wsi) != 0);
    else if (c->state == CLIENT_OPEN)
        unpack(conn, bytes, len, last);
}
