/* jwt_keys.h - signed tokens (RFC 7519): HS256, RS256 and ES256.
 *
 * The keys are files of a directory, and a file's name is the key's id (`kid` in a token's header):
 *
 *   ID.pem     a public key: RSA of at least 2,048 bits, for RS256 alone; P-256, for ES256 alone
 *   ID.secret  at least 32 bytes, for HS256 alone; a line end behind them is no part of it
 *
 * So a token cannot choose how it is checked: the key decides. A token without a `kid` is checked
 * with the only key, where there is only one. It must have an `exp`. `aud` and `iss` must fit where
 * they are set. A claim `streams` (an array of patterns, or one text of them) limits what may be
 * subscribed to; without it every stream may.
 */
#ifndef GATEWAY_JWT_KEYS_H
#define GATEWAY_JWT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/identity.h"

struct jwt_keys;

enum {
    JWT_KEYS_MAX = 64,
    JWT_KEY_BYTES_MAX = 16384,
    JWT_TOKEN_MAX = 8192,
    JWT_EARLY_S = 30, /* that another machine's clock may be ahead of ours, for nbf */
};

struct jwt_rules {
    const char *directory;
    const char *audience, *issuer; /* "": any */
};

/* 0; -EINVAL with one line in error that names the file and what is wrong with it. */
int jwt_keys_load(struct jwt_keys **out, const struct jwt_rules *rules, char *error, size_t cap);
void jwt_keys_free(struct jwt_keys **keys); /* NULL is fine */

enum jwt_verdict { JWT_ACCEPTED, JWT_WRONG, JWT_EXPIRED };

/* now_s: Unix time. out->grants is the caller's when it is accepted. */
enum jwt_verdict jwt_keys_accept(const struct jwt_keys *keys, const char *token, size_t len,
                                 uint64_t now_s, struct identity *out);

#endif
