/* tls.c - see tls.h. */
#include "gateway/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/ticket_keys.h"

struct tls {
    SSL_CTX *loaded; /* has taken everything; connections are made by others */
    enum tls_client_cert client_cert;
    int min_version;
    unsigned char session_context[SHA256_DIGEST_LENGTH];
    char expiry[32];
};

/* What OpenSSL says last is nearest to the cause. */
static int wrong(char *error, size_t cap, const char *setting, const char *file, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

    snprintf(error, cap, "%s: '%.150s' %s%s%s", setting, file, what, reason ? ": " : "",
             reason ? reason : "");
    ERR_clear_error();
    return -EINVAL;
}

/* Without it, OpenSSL asks for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return 0;
}

static void note_expiry(struct tls *tls, const ASN1_TIME *end)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(end, &tm) == 1)
        strftime(tls->expiry, sizeof tls->expiry, "%Y-%m-%d %H:%M:%SZ", &tm);
}

static int load_certificate(struct tls *tls, const struct tls_files *f, char *error, size_t cap)
{
    if (SSL_CTX_use_certificate_chain_file(tls->loaded, f->cert) != 1)
        return wrong(error, cap, "tls-cert", f->cert,
                     "is no file of certificates in PEM form that can be used");
    const X509 *cert = SSL_CTX_get0_certificate(tls->loaded);
    note_expiry(tls, X509_get0_notAfter(cert));
    ERR_clear_error();
    if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0) {
        snprintf(error, cap, "tls-cert: '%.150s' expired on %s; renew it", f->cert, tls->expiry);
        return -EINVAL;
    }
    if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
        return wrong(error, cap, "tls-cert", f->cert, "is not valid yet; check the clock");
    return 0;
}

static int load_key(struct tls *tls, const struct tls_files *f, char *error, size_t cap)
{
    const char *file = *f->key ? f->key : f->cert;

    SSL_CTX_set_default_passwd_cb(tls->loaded, no_passphrase);
    if (SSL_CTX_use_PrivateKey_file(tls->loaded, file, SSL_FILETYPE_PEM) == 1)
        return 0;
    if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
        ERR_clear_error();
        return wrong(error, cap, "tls-key", file, "does not belong to the certificate in tls-cert");
    }
    return wrong(
        error, cap, "tls-key", file,
        "holds no private key in PEM form that can be used (a passphrase is not asked for)");
}

/* Sessions that were begun under other authorities must not be resumed. */
static void add_to_session_context(struct tls *tls, X509_STORE *store)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    unsigned char each[2 * SHA256_DIGEST_LENGTH] = {0};

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (!cert || X509_digest(cert, EVP_sha256(), each + SHA256_DIGEST_LENGTH, NULL) != 1)
            continue;
        memcpy(each, tls->session_context, SHA256_DIGEST_LENGTH);
        SHA256(each, sizeof each, tls->session_context);
    }
}

static int load_client_ca(struct tls *tls, const struct tls_files *f, char *error, size_t cap)
{
    if (f->client_cert == CLIENT_CERT_OFF)
        return 0;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(f->client_ca);
    if (!names || SSL_CTX_load_verify_file(tls->loaded, f->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return wrong(error, cap, "tls-client-ca", f->client_ca,
                     "is no file of certificates in PEM form that can be used");
    }
    SSL_CTX_set_client_CA_list(tls->loaded, names);
    add_to_session_context(tls, SSL_CTX_get_cert_store(tls->loaded));
    return 0;
}

int tls_load(struct tls **out, const struct tls_files *files, char *error, size_t cap)
{
    struct tls *tls = calloc(1, sizeof *tls);
    int err = -EINVAL;

    ERR_clear_error();
    if (tls)
        tls->loaded = SSL_CTX_new(TLS_server_method());
    if (!tls || !tls->loaded) {
        snprintf(error, cap, "tls-cert: out of memory");
    } else {
        tls->client_cert = files->client_cert;
        tls->min_version = files->min_version;
        err = load_certificate(tls, files, error, cap);
        err = err ? err : load_key(tls, files, error, cap);
        err = err ? err : load_client_ca(tls, files, error, cap);
    }
    if (err)
        tls_free(&tls);
    *out = tls;
    return err;
}

void tls_free(struct tls **tlsp)
{
    struct tls *tls = *tlsp;

    *tlsp = NULL;
    if (!tls)
        return;
    SSL_CTX_free(tls->loaded);
    free(tls);
}

/* libwebsockets' own would look for a virtual host of that name. */
static int on_server_name(SSL *ssl, int *alert, void *ctx)
{
    (void)ssl, (void)alert, (void)ctx;
    return SSL_TLSEXT_ERR_NOACK;
}

/* Given to each connection, not to their context: that would keep a certificate of another kind of
 * key beside the new one, and go on offering it. */
static int on_certificate(SSL *ssl, void *ctx)
{
    const struct tls *tls = ctx;
    STACK_OF(X509) *chain = NULL;

    SSL_CTX_get0_chain_certs(tls->loaded, &chain);
    return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(tls->loaded),
                                SSL_CTX_get0_privatekey(tls->loaded), chain, 1);
}

static void use_client_ca(const struct tls *tls, SSL_CTX *ctx)
{
    int mode = SSL_VERIFY_NONE;

    if (tls->client_cert != CLIENT_CERT_OFF)
        mode = SSL_VERIFY_PEER |
               (tls->client_cert == CLIENT_CERT_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    SSL_CTX_set_verify(ctx, mode, NULL);
    SSL_CTX_set1_cert_store(ctx, SSL_CTX_get_cert_store(tls->loaded));
    SSL_CTX_set_client_CA_list(ctx, SSL_dup_CA_list(SSL_CTX_get_client_CA_list(tls->loaded)));
    SSL_CTX_set_session_id_context(ctx, tls->session_context, sizeof tls->session_context);
}

int tls_use(struct tls *tls, struct ticket_keys *tickets, SSL_CTX *ctx)
{
    SSL_CTX_set_cert_cb(ctx, on_certificate, tls);
    use_client_ca(tls, ctx);
    SSL_CTX_set_min_proto_version(ctx, tls->min_version);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* 34 kB less for an idle connection */
    SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    return ticket_keys_use(tickets, ctx);
}

const char *tls_expiry(const struct tls *tls)
{
    return tls->expiry;
}
