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
    static const char *const schemes[] = {"redis", "redis+sentinel", "redis+cluster"};
    enum { LIST_MAX = REDIS_SEEDS_MAX * REDIS_ADDRESS_MAX };
    char address[LIST_MAX], text[LIST_MAX + 200], error[REDIS_URL_ERROR_MAX];
    struct redis_url again;

    redis_url_address(url, address, sizeof address);
    snprintf(text, sizeof text, "%s://%s%s%s", url->seeds[0].path[0] ? "unix" : schemes[url->kind],
             address, url->master[0] ? "/" : "", url->master);
    int err = redis_url_parse(text, &again, error);
    assert(err == 0);
    assert(url->kind == again.kind && url->n_seeds == again.n_seeds);
    for (unsigned i = 0; i < url->n_seeds; i++)
        assert(redis_address_equal(&url->seeds[i], &again.seeds[i]));
    assert(strcmp(url->master, again.master) == 0);
    assert(!again.login.user[0] && !again.login.password[0] && again.login.db == 0);
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
