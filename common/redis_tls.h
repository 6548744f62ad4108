/* redis_tls.h - whom we trust, and who we are, on TLS connections to Redis.
 *
 * One for the whole program, made from the settings before anything connects: a file that cannot be
 * used ends the start. TLS 1.2 is the oldest that is spoken.
 */
#ifndef COMMON_REDIS_TLS_H
#define COMMON_REDIS_TLS_H

#include <openssl/types.h>
#include <stddef.h>

struct redis_tls; /* opaque */

enum redis_verify {
    REDIS_VERIFY_FULL, /* the certificate is one of the CAs', and is for the host we connect to */
    REDIS_VERIFY_CA,   /* the first alone: where servers are known by addresses not in it */
    REDIS_VERIFY_NONE, /* nothing: whoever is in between can read and write all of it */
};

enum { REDIS_TLS_ERROR_MAX = 300 };

/* Files of PEM; empty: for the CAs those of the system, for the others none. cert and key go
 * together. 0; -EINVAL or -ENOMEM with one line in error that begins with the setting's name. */
int redis_tls_new(const char *ca, const char *cert, const char *key, enum redis_verify verify,
                  struct redis_tls **tls, char error[REDIS_TLS_ERROR_MAX]);
void redis_tls_free(struct redis_tls **tls); /* no session may be left; NULL is fine */

/* A session on a connected socket, before its handshake: SSL_connect() is next. host: a name or an
 * address, as it was given to us. The caller ends it by SSL_free(). NULL: out of memory. */
SSL *redis_tls_session(const struct redis_tls *tls, const char *host, int fd);

/* Why a call on the session failed, after SSL_get_error(). Returns buf. */
const char *redis_tls_why(const SSL *session, char *buf, size_t cap);

#endif
