/* tls.h - the certificate, key and rules with which TLS connections are taken.
 *
 * tls_load() reads the files and finds out everything that can be wrong with them; only what it has
 * accepted is given to connections, by tls_use(). Connections that are open keep what they began
 * with, so that a renewed certificate costs nobody a connection.
 */
#ifndef GATEWAY_TLS_H
#define GATEWAY_TLS_H

#include <openssl/types.h>
#include <stddef.h>

struct ticket_keys;
struct tls; /* opaque: defined in tls.c */

enum tls_client_cert { CLIENT_CERT_OFF, CLIENT_CERT_OPTIONAL, CLIENT_CERT_REQUIRED };

struct tls_files {
    const char *cert;      /* PEM: the certificate, then its chain */
    const char *key;       /* PEM, without a passphrase; "": in the same file as the certificate */
    const char *client_ca; /* PEM: who may sign client certificates; "" when those are off */
    int min_version;       /* TLS1_2_VERSION or TLS1_3_VERSION */
    enum tls_client_cert client_cert;
};

/* 0; -EINVAL with one line in error that names the setting and the file: it cannot be read, holds
 * no certificate, has expired, is not valid yet, or the key belongs to another one. */
int tls_load(struct tls **out, const struct tls_files *files, char *error, size_t cap);
void tls_free(struct tls **tls); /* NULL is fine */

/* New connections of this context get it from now on; borrowed until another is used. 0; -EIO. */
int tls_use(struct tls *tls, struct ticket_keys *tickets, SSL_CTX *ctx);

/* When the certificate ends, for the log: "2027-01-31 12:00:00Z". */
const char *tls_expiry(const struct tls *tls);

#endif
