/* route.h - which dialect and profile a request to upgrade gets: by listener, path and query. */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include "gateway/listen_address.h"

struct dialect;
struct gateway_settings;

struct route {
    const struct dialect *dialect; /* NULL: refused */
    enum profile profile;
    int status; /* of the refusal */
    char why[200];
};

/* path without query, query without '?'; both decoded. A listener's own dialect is served on any
 * path, as the original servers do; otherwise the path decides:
 *
 *   /            by the first message        /stream, /stream/…   Binance form, combined
 *   /ws          by the first message        /ws/…                Binance form, bare
 *   /injstream-ws, /injective                                    Injective
 *
 *   /drift                                                       Drift
 *   /nano                                                        Nano
 *
 * ?profile=node|doc goes before the listener's profile. */
struct route route_find(const struct gateway_settings *s, const struct listen_address *listener,
                        const char *path, const char *query);

#endif
