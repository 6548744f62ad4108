/* redis_tls.c - see redis_tls.h. */
#include "common/redis_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_AHEAD = 64 * 1024 }; /* bytes taken from the socket at once: several records */

struct redis_tls {
    SSL_CTX *context;
    enum redis_verify verify;
};

/* The last thing OpenSSL complained of. */
static const char *reason(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;

    return text                             ? text
           : code && ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
                                            : "unusable";
}

static int refuse(char error[REDIS_TLS_ERROR_MAX], const char *setting, const char *file,
                  const char *what)
{
    snprintf(error, REDIS_TLS_ERROR_MAX, "%s: '%.150s': %s (%.60s)", setting, file, what, reason());
    ERR_clear_error();
    return -EINVAL;
}

static int load_trust(SSL_CTX *context, const char *ca, char error[REDIS_TLS_ERROR_MAX])
{
    if (!*ca)
        return SSL_CTX_set_default_verify_paths(context) == 1
                   ? 0
                   : refuse(error, "redis-ca", "", "the system's CAs cannot be read");
    return SSL_CTX_load_verify_locations(context, ca, NULL) == 1
               ? 0
               : refuse(error, "redis-ca", ca, "no PEM file of CA certificates that can be read");
}

static int load_identity(SSL_CTX *context, const char *cert, const char *key,
                         char error[REDIS_TLS_ERROR_MAX])
{
    if (!*cert && !*key)
        return 0;
    if (!*cert || !*key) {
        snprintf(error, REDIS_TLS_ERROR_MAX, "%s: must be given together with %s",
                 *cert ? "redis-cert" : "redis-key", *cert ? "redis-key" : "redis-cert");
        return -EINVAL;
    }
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
        return refuse(error, "redis-cert", cert, "no PEM certificate that can be read");
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return refuse(error, "redis-key", key, "no PEM key, without a passphrase, of redis-cert");
    return 0;
}

static int configure(struct redis_tls *tls, const char *ca, const char *cert, const char *key,
                     char error[REDIS_TLS_ERROR_MAX])
{
    int err = load_trust(tls->context, ca, error);

    if (!err)
        err = load_identity(tls->context, cert, key, error);
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(tls->context,
                       tls->verify == REDIS_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(tls->context, 1);
    SSL_CTX_set_default_read_buffer_len(tls->context, READ_AHEAD);
    SSL_CTX_set_mode(tls->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return err;
}

/* A passphrase is never asked for: nobody sits at the terminal of a daemon. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

int redis_tls_new(const char *ca, const char *cert, const char *key, enum redis_verify verify,
                  struct redis_tls **made, char error[REDIS_TLS_ERROR_MAX])
{
    struct redis_tls *tls = calloc(1, sizeof *tls);

    if (tls)
        tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls || !tls->context) {
        snprintf(error, REDIS_TLS_ERROR_MAX, "redis: out of memory");
        redis_tls_free(&tls);
        return -ENOMEM;
    }
    SSL_CTX_set_default_passwd_cb(tls->context, no_passphrase);
    tls->verify = verify;
    int err = configure(tls, ca, cert, key, error);
    if (err)
        redis_tls_free(&tls);
    else
        *made = tls;
    return err;
}

void redis_tls_free(struct redis_tls **tlsp)
{
    struct redis_tls *tls = *tlsp;

    *tlsp = NULL;
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

static bool expect_host(SSL *session, const char *host, enum redis_verify verify)
{
    unsigned char address[16];
    bool is_address =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

    if (!is_address && SSL_set_tlsext_host_name(session, host) != 1)
        return false;
    if (verify != REDIS_VERIFY_FULL)
        return true;
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(session, host) == 1;
}

SSL *redis_tls_session(const struct redis_tls *tls, const char *host, int fd)
{
    SSL *session = SSL_new(tls->context);

    ERR_clear_error();
    if (session && SSL_set_fd(session, fd) == 1 && expect_host(session, host, tls->verify))
        return session;
    SSL_free(session);
    return NULL;
}

const char *redis_tls_why(const SSL *session, char *buf, size_t cap)
{
    long verdict = SSL_get_verify_result(session);

    if (verdict != X509_V_OK && SSL_get_verify_mode(session) != SSL_VERIFY_NONE)
        snprintf(buf, cap,
                 "TLS: the server's certificate is refused: %s (see redis-ca, redis-verify)",
                 X509_verify_cert_error_string(verdict));
    else
        snprintf(buf, cap, "TLS: %s", ERR_peek_last_error() ? reason() : "the server hung up");
    ERR_clear_error();
    return buf;
}
