/* auth.h - who may connect: API keys, signed tokens, either, or anybody.
 *
 * Nothing of what a client shows is ever logged.
 */
#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/identity.h"
#include "gateway/refusal.h"

struct auth; /* opaque: defined in auth.c */

enum auth_kind { AUTH_NONE, AUTH_KEYS, AUTH_JWT, AUTH_KEYS_AND_JWT };

struct auth_files {
    enum auth_kind kind;
    const char *keys;     /* see api_keys.h */
    const char *jwt_keys; /* a directory: see jwt_keys.h */
    const char *audience, *issuer;
};

/* 0 (with AUTH_NONE *out is NULL); -EINVAL with one line in error that names the setting. */
int auth_load(struct auth **out, const struct auth_files *files, char *error, size_t cap);
void auth_free(struct auth **auth); /* NULL is fine */

/* REFUSAL_none and *out, whose grants are the caller's; or why not. An empty token is none. */
enum refusal auth_check(const struct auth *auth, const char *token, size_t len, uint64_t now_s,
                        struct identity *out);

#endif
