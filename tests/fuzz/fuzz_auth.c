/* fuzz_auth.c - any text as a file of API keys, and any token against keys of all three kinds. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/api_keys.h"
#include "gateway/jwt_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *directory, const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    unlink(path);
}

static struct jwt_keys *make_keys(void)
{
    char directory[] = "/tmp/sluice-fuzz-XXXXXX", error[300];
    const struct jwt_rules rules = {.directory = directory, .audience = "", .issuer = ""};
    struct jwt_keys *keys;

    if (!mkdtemp(directory))
        abort();
    write_file(directory, "a.secret", "0123456789abcdef0123456789abcdef");
    write_file(directory, "b.pem",
               "-----BEGIN PUBLIC KEY-----\n"
               "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
               "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n"
               "-----END PUBLIC KEY-----\n");
    int err = jwt_keys_load(&keys, &rules, error, sizeof error);
    remove_file(directory, "a.secret");
    remove_file(directory, "b.pem");
    rmdir(directory);
    assert(!err);
    return keys;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jwt_keys *tokens;
    struct identity who = {0};
    char error[300] = "";

    if (!tokens)
        tokens = make_keys();
    struct api_keys *keys = api_keys_read((const char *)data, size, error, sizeof error);
    assert(keys || strncmp(error, "line ", 5) == 0);
    if (keys)
        assert(!api_keys_accept(keys, "x", 1, &who));
    api_keys_free(&keys);
    enum jwt_verdict verdict = jwt_keys_accept(tokens, (const char *)data, size, 1700000000, &who);
    assert(verdict == JWT_ACCEPTED || !who.grants);
    grants_free(&who.grants);
    return 0;
}
