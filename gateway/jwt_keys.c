/* jwt_keys.c - see jwt_keys.h. The one file that knows libjwt, of version 1 and 2. */
#include "gateway/jwt_keys.h"

#include <dirent.h>
#include <errno.h>
#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_span.h"
#include "common/text.h"
#include "gateway/key_file.h"

enum { SECRET_MIN = 32, RSA_BITS_MIN = 2048, ID_MAX = 128 };

struct jwt_key {
    char id[ID_MAX + 1];
    jwt_alg_t alg; /* the only one it is good for */
    unsigned char *bytes;
    size_t len;
};

struct jwt_keys {
    char *audience, *issuer;
    unsigned n;
    struct jwt_key of[JWT_KEYS_MAX];
};

/* ---- loading -------------------------------------------------------------------------------- */

/* NULL, or what is wrong with it. */
static const char *read_secret(struct jwt_key *key)
{
    while (key->len > 0 && (key->bytes[key->len - 1] == '\n' || key->bytes[key->len - 1] == '\r'))
        key->len--;
    key->alg = JWT_ALG_HS256;
    return key->len >= SECRET_MIN ? NULL : "is shorter than 32 bytes, which can be guessed";
}

static const char *judge_public(EVP_PKEY *pkey, struct jwt_key *key)
{
    char curve[64] = "";

    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        key->alg = JWT_ALG_RS256;
        return EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN ? NULL : "is an RSA key below 2,048 bits";
    }
    EVP_PKEY_get_group_name(pkey, curve, sizeof curve, NULL);
    key->alg = JWT_ALG_ES256;
    return strcmp(curve, "prime256v1") == 0 ? NULL : "is neither an RSA key nor one on P-256";
}

static const char *read_public(struct jwt_key *key)
{
    BIO *bio = BIO_new_mem_buf(key->bytes, (int)key->len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    const char *why = pkey ? judge_public(pkey, key) : "holds no public key in PEM form";

    EVP_PKEY_free(pkey);
    BIO_free(bio);
    ERR_clear_error();
    return why;
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);

    return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

static const char *load_key(struct jwt_keys *keys, const char *directory, const char *name)
{
    bool secret = ends_with(name, ".secret");
    struct jwt_key *key = &keys->of[keys->n];
    const char *why;
    char path[4096];

    if (keys->n == JWT_KEYS_MAX)
        return "is one key too many (at most 64)";
    if (strlen(name) > ID_MAX)
        return "has too long a name";
    snprintf(path, sizeof path, "%s/%s", directory, name);
    key->bytes = (unsigned char *)key_file_read(path, JWT_KEY_BYTES_MAX, &key->len, &why);
    if (!key->bytes)
        return why;
    keys->n++;
    snprintf(key->id, sizeof key->id, "%.*s", (int)(strrchr(name, '.') - name), name);
    return secret ? read_secret(key) : read_public(key);
}

static int load_directory(struct jwt_keys *keys, const char *directory, char *error, size_t cap)
{
    DIR *dir = opendir(directory);
    const char *why = NULL;
    struct dirent *entry;

    if (!dir) {
        snprintf(error, cap, "'%.150s' cannot be read: %s", directory, strerror(errno));
        return -EINVAL;
    }
    while (!why && (entry = readdir(dir))) {
        if (!ends_with(entry->d_name, ".pem") && !ends_with(entry->d_name, ".secret"))
            continue;
        why = load_key(keys, directory, entry->d_name);
        if (why)
            snprintf(error, cap, "'%.150s/%.80s' %s", directory, entry->d_name, why);
    }
    closedir(dir);
    if (!why && keys->n == 0)
        snprintf(error, cap, "'%.150s' has no file NAME.pem or NAME.secret", directory);
    return why || keys->n == 0 ? -EINVAL : 0;
}

int jwt_keys_load(struct jwt_keys **out, const struct jwt_rules *rules, char *error, size_t cap)
{
    struct jwt_keys *keys = calloc(1, sizeof *keys);
    int err = -EINVAL;

    if (keys) {
        keys->audience = strdup(rules->audience);
        keys->issuer = strdup(rules->issuer);
    }
    if (keys && keys->audience && keys->issuer)
        err = load_directory(keys, rules->directory, error, cap);
    else
        snprintf(error, cap, "out of memory");
    if (err)
        jwt_keys_free(&keys);
    *out = keys;
    return err;
}

void jwt_keys_free(struct jwt_keys **keysp)
{
    struct jwt_keys *keys = *keysp;

    *keysp = NULL;
    if (!keys)
        return;
    for (unsigned i = 0; i < keys->n; i++) {
        OPENSSL_cleanse(keys->of[i].bytes, keys->of[i].len);
        free(keys->of[i].bytes);
    }
    free(keys->audience);
    free(keys->issuer);
    free(keys);
}

/* ---- checking ------------------------------------------------------------------------------- */

static const struct jwt_key *key_of(const struct jwt_keys *keys, const char *id)
{
    if (!id)
        return keys->n == 1 ? &keys->of[0] : NULL;
    for (unsigned i = 0; i < keys->n; i++)
        if (strcmp(keys->of[i].id, id) == 0)
            return &keys->of[i];
    return NULL;
}

/* The key that the token names, where it is one for what the token says of itself. Nothing of it is
 * believed yet. */
static const struct jwt_key *named_key(const struct jwt_keys *keys, const char *token)
{
    const struct jwt_key *key = NULL;
    const char *alg;
    jwt_t *jwt = NULL;

    if (jwt_decode(&jwt, token, NULL, 0) != 0)
        return NULL;
    key = key_of(keys, jwt_get_header(jwt, "kid"));
    alg = jwt_get_header(jwt, "alg");
    if (key && (!alg || jwt_str_alg(alg) != key->alg))
        key = NULL;
    jwt_free(jwt);
    return key;
}

/* The value of a claim: text, an array of texts, or nothing. */
static bool holds(jwt_t *jwt, const char *claim, const char *wanted)
{
    const char *only = jwt_get_grant(jwt, claim);
    char *json = only ? NULL : jwt_get_grants_json(jwt, claim);
    struct json_value root = {0};
    bool found = only && strcmp(only, wanted) == 0;

    if (json && json_check(json, strlen(json), JSON_STRICT, &root, NULL) == 0) {
        struct json_iter it = json_iter(root, JSON_STRICT);
        while (root.kind == JSON_ARRAY && !found && json_next(&it))
            found = json_string_is(it.value, wanted);
    }
    free(json);
    return found;
}

static bool add_patterns(struct text *all, struct json_value list)
{
    struct json_iter it = json_iter(list, JSON_STRICT);
    char pattern[1024];

    while (json_next(&it)) {
        int len = json_decode(it.value, pattern, sizeof pattern);
        if (len < 0)
            return false;
        text_add_bytes(all, pattern, (size_t)len);
        text_add_bytes(all, " ", 1);
    }
    return list.kind == JSON_ARRAY && !all->failed;
}

/* True and *out, NULL without the claim; false when it cannot be understood. */
static bool read_grants(jwt_t *jwt, struct grants **out)
{
    const char *only = jwt_get_grant(jwt, "streams");
    struct json_value root = {0};
    struct text all = {0};
    bool ok = true;

    *out = NULL;
    if (only)
        return (*out = grants_new(only, strlen(only))) != NULL;
    char *json = jwt_get_grants_json(jwt, "streams");
    if (!json)
        return true;
    ok = json_check(json, strlen(json), JSON_STRICT, &root, NULL) == 0 &&
         add_patterns(&all, root) && (*out = grants_new(all.at ? all.at : "", all.len));
    text_free(&all);
    free(json);
    return ok;
}

static enum jwt_verdict judge(const struct jwt_keys *keys, jwt_t *jwt, uint64_t now_s,
                              struct identity *out)
{
    long expires = jwt_get_grant_int(jwt, "exp"), from = jwt_get_grant_int(jwt, "nbf");

    if (expires <= 0 || (from > 0 && (uint64_t)from > now_s + JWT_EARLY_S))
        return JWT_WRONG;
    if ((*keys->audience && !holds(jwt, "aud", keys->audience)) ||
        (*keys->issuer && !holds(jwt, "iss", keys->issuer)))
        return JWT_WRONG;
    if ((uint64_t)expires <= now_s)
        return JWT_EXPIRED;
    *out = (struct identity){.expires_s = (uint64_t)expires};
    return read_grants(jwt, &out->grants) ? JWT_ACCEPTED : JWT_WRONG;
}

enum jwt_verdict jwt_keys_accept(const struct jwt_keys *keys, const char *token, size_t len,
                                 uint64_t now_s, struct identity *out)
{
    enum jwt_verdict verdict = JWT_WRONG;
    char copy[JWT_TOKEN_MAX + 1];
    jwt_t *jwt = NULL;

    if (len > JWT_TOKEN_MAX || memchr(token, '\0', len))
        return JWT_WRONG;
    memcpy(copy, token, len);
    copy[len] = '\0';
    const struct jwt_key *key = named_key(keys, copy);
    if (key && jwt_decode(&jwt, copy, key->bytes, (int)key->len) == 0) {
        /* once more, of the token that was verified */
        if (jwt_get_alg(jwt) == key->alg)
            verdict = judge(keys, jwt, now_s, out);
        jwt_free(jwt);
    }
    OPENSSL_cleanse(copy, len);
    ERR_clear_error();
    return verdict;
}
