/* fuzz_redis_url.c - any text is either refused with one line or gives an address that means the
 * same again. */
#include "common/redis_url.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_address(const struct redis_url *url)
{
    char address[300], text[320], error[REDIS_URL_ERROR_MAX];
    struct redis_url again;

    redis_url_address(url, address, sizeof address);
    snprintf(text, sizeof text, "%s%s", url->path[0] ? "unix://" : "redis://", address);
    int err = redis_url_parse(text, &again, error);
    assert(err == 0);
    assert(strcmp(url->host, again.host) == 0 && strcmp(url->path, again.path) == 0);
    assert(strcmp(url->port, again.port) == 0);
    assert(!again.user[0] && !again.password[0] && again.db == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[REDIS_URL_ERROR_MAX];
    struct redis_url url;
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (redis_url_parse(text, &url, error) < 0)
        assert(*error && !strchr(error, '\n'));
    else
        check_address(&url);
    free(text);
    return 0;
}
