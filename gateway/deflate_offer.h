/* deflate_offer.h - what a client offers for permessage-deflate (RFC 7692, 5 and 7.1). */
#ifndef GATEWAY_DEFLATE_OFFER_H
#define GATEWAY_DEFLATE_OFFER_H

#include <stdbool.h>

struct deflate_offer {
    bool usable; /* we can keep all of it, and know all of it */
    bool client_no_context_takeover;
};

/* Read a Sec-WebSocket-Extensions header. Returns how often permessage-deflate is offered in it,
 * and the last one of these offers. 0 as well where the header is not as RFC 6455, 9.1 has it, or
 * has quotes, which nobody needs.
 *
 * An offer that wants a window smaller than 32 KiB from us (server_max_window_bits) is not usable:
 * what is sent is compressed once for all clients. */
unsigned deflate_offers(const char *header, struct deflate_offer *last);

#endif
