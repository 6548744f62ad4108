/* ticket_keys.c - see ticket_keys.h. */
#include "gateway/ticket_keys.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

enum { NAME_BYTES = 16, KEY_BYTES = 32 };

struct derived {
    unsigned char name[KEY_BYTES]; /* its first NAME_BYTES stand in the ticket */
    unsigned char cipher[KEY_BYTES];
    unsigned char mac[KEY_BYTES];
};

static void derive(const unsigned char *secret, const char *what, unsigned char out[KEY_BYTES])
{
    HMAC(EVP_sha256(), secret, TICKET_SECRET_BYTES, (const unsigned char *)what, strlen(what), out,
         NULL);
}

static struct derived derive_all(const unsigned char *secret)
{
    struct derived d;

    derive(secret, "name", d.name);
    derive(secret, "cipher", d.cipher);
    derive(secret, "mac", d.mac);
    return d;
}

int ticket_keys_init(struct ticket_keys *k, uint64_t unix_s)
{
    k->period = unix_s / TICKET_PERIOD_S;
    return RAND_bytes(k->now, sizeof k->now) == 1 && RAND_bytes(k->before, sizeof k->before) == 1
               ? 0
               : -EIO;
}

void ticket_keys_turn(struct ticket_keys *k, uint64_t unix_s)
{
    while (k->period != 0 && k->period < unix_s / TICKET_PERIOD_S) {
        memcpy(k->before, k->now, sizeof k->before);
        derive(k->before, "next", k->now);
        k->period++;
    }
}

static int start_mac(EVP_MAC_CTX *mac, unsigned char key[KEY_BYTES])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, KEY_BYTES),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};

    return EVP_MAC_CTX_set_params(mac, params);
}

static int seal(struct ticket_keys *k, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *ctx,
                EVP_MAC_CTX *mac)
{
    struct derived d = derive_all(k->now);
    bool ok = RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 &&
              EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, d.cipher, iv) == 1 &&
              start_mac(mac, d.mac) == 1;

    memcpy(name, d.name, NAME_BYTES);
    OPENSSL_cleanse(&d, sizeof d);
    return ok ? 1 : -1;
}

/* OpenSSL's answers: 0 unknown, 1 known, 2 known but to be sealed anew. */
static int unseal(struct ticket_keys *k, const unsigned char *name, const unsigned char *iv,
                  EVP_CIPHER_CTX *ctx, EVP_MAC_CTX *mac)
{
    struct derived d = derive_all(k->now);
    int result = 1;

    if (CRYPTO_memcmp(name, d.name, NAME_BYTES) != 0) {
        d = derive_all(k->before);
        result = CRYPTO_memcmp(name, d.name, NAME_BYTES) == 0 ? 2 : 0;
    }
    if (result > 0 && (EVP_DecryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, d.cipher, iv) != 1 ||
                       start_mac(mac, d.mac) != 1))
        result = -1;
    OPENSSL_cleanse(&d, sizeof d);
    return result;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *ctx,
                     EVP_MAC_CTX *mac, int sealing)
{
    struct ticket_keys *k = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    ticket_keys_turn(k, (uint64_t)time(NULL));
    return sealing ? seal(k, name, iv, ctx, mac) : unseal(k, name, iv, ctx, mac);
}

int ticket_keys_use(struct ticket_keys *k, SSL_CTX *ctx)
{
    SSL_CTX_set_timeout(ctx, TICKET_PERIOD_S);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* of each process; tickets do it */
    return SSL_CTX_set_app_data(ctx, k) == 1 &&
                   SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1
               ? 0
               : -EIO;
}
