/* client_rights.h - what a client may do: which streams, for how long, and how much it may send.
 *
 * Who connected without credentials, where none are asked for, may see every stream that is served.
 */
#ifndef GATEWAY_CLIENT_RIGHTS_H
#define GATEWAY_CLIENT_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct hub;
struct identity;
struct view;

/* Before client_open(): the identity's grants become the client's. */
void client_rights_take(struct client *c, struct identity *identity);
void client_rights_forget(struct client *c);

/* May it subscribe to the stream? */
bool client_allows(const struct client *c, const char *stream, size_t len);

/* May it see every stream that the view listens to? */
bool client_allows_view(const struct client *c, const struct view *view);

/* New credentials from an open client: they take the place of the old, and what they do not allow
 * any more is left. False: they are wrong, and the old ones hold on. */
bool client_rights_renew(struct client *c, const char *token, size_t len);

/* Are credentials asked for at all? */
bool client_rights_asked(const struct client *c);

/* When it is to be closed, DIALECT_NEVER if it is not; and closes it then. */
uint64_t client_rights_due(const struct client *c);
void client_rights_tick(struct client *c);

/* It has sent so many bytes, that begin a frame or not: closes it when that is too much. */
void client_rights_spend(struct client *c, size_t bytes, bool frame);

#endif
