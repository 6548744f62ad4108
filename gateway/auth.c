/* auth.c - see auth.h. */
#include "gateway/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/api_keys.h"
#include "gateway/jwt_keys.h"
#include "gateway/key_file.h"

struct auth {
    struct api_keys *keys;     /* NULL: not taken */
    struct jwt_keys *jwt_keys; /* NULL: not taken */
};

enum { WHY_MAX = 320 };

static int load_keys(struct auth *auth, const char *file, char *error, size_t cap)
{
    char line[WHY_MAX];
    const char *why;
    size_t len;

    if (!*file) {
        snprintf(error, cap,
                 "auth-keys: must be given with auth=keys: a file of NAME and the "
                 "SHA-256 sum of a key");
        return -EINVAL;
    }
    char *text = key_file_read(file, API_KEYS_FILE_MAX, &len, &why);
    if (!text) {
        snprintf(error, cap, "auth-keys: '%.150s': %s", file, why);
        return -EINVAL;
    }
    auth->keys = api_keys_read(text, len, line, sizeof line);
    free(text);
    if (!auth->keys)
        snprintf(error, cap, "auth-keys: '%.150s' %s", file, line);
    return auth->keys ? 0 : -EINVAL;
}

static int load_jwt(struct auth *auth, const struct auth_files *f, char *error, size_t cap)
{
    const struct jwt_rules rules = {
        .directory = f->jwt_keys, .audience = f->audience, .issuer = f->issuer};
    char line[WHY_MAX];

    if (!*f->jwt_keys) {
        snprintf(error, cap,
                 "auth-jwt-keys: must be given with auth=jwt: a directory of NAME.pem "
                 "and NAME.secret");
        return -EINVAL;
    }
    int err = jwt_keys_load(&auth->jwt_keys, &rules, line, sizeof line);
    if (err)
        snprintf(error, cap, "auth-jwt-keys: %s", line);
    return err;
}

int auth_load(struct auth **out, const struct auth_files *f, char *error, size_t cap)
{
    struct auth *auth = NULL;
    int err = 0;

    *out = NULL;
    if (f->kind == AUTH_NONE)
        return 0;
    if (!(auth = calloc(1, sizeof *auth))) {
        snprintf(error, cap, "auth: out of memory");
        return -EINVAL;
    }
    if (f->kind != AUTH_JWT)
        err = load_keys(auth, f->keys, error, cap);
    if (!err && f->kind != AUTH_KEYS)
        err = load_jwt(auth, f, error, cap);
    if (err)
        auth_free(&auth);
    *out = auth;
    return err;
}

void auth_free(struct auth **authp)
{
    struct auth *auth = *authp;

    *authp = NULL;
    if (!auth)
        return;
    api_keys_free(&auth->keys);
    jwt_keys_free(&auth->jwt_keys);
    free(auth);
}

enum refusal auth_check(const struct auth *auth, const char *token, size_t len, uint64_t now_s,
                        struct identity *out)
{
    enum jwt_verdict verdict = JWT_WRONG;

    *out = (struct identity){0};
    if (len == 0)
        return REFUSAL_no_credentials;
    if (auth->keys && api_keys_accept(auth->keys, token, len, out))
        return REFUSAL_none;
    if (auth->jwt_keys)
        verdict = jwt_keys_accept(auth->jwt_keys, token, len, now_s, out);
    if (verdict == JWT_ACCEPTED)
        return REFUSAL_none;
    return verdict == JWT_EXPIRED ? REFUSAL_expired : REFUSAL_bad_credentials;
}
