/* fuzz_proxy_header.c - any bytes are a header of their first bytes alone, wanting, or refused; and
 * more bytes behind a whole one change nothing. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "gateway/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address from = {0}, again = {0};
    char exact[PROXY_HEADER_MAX];
    int n = proxy_header_parse((const char *)data, size, &from);

    assert(n == -EPROTO || (n >= 0 && (size_t)n <= size && n <= PROXY_HEADER_MAX));
    if (n <= 0)
        return 0;
    memcpy(exact, data, (size_t)n);
    assert(proxy_header_parse(exact, (size_t)n, &again) == n);
    assert(memcmp(&from, &again, sizeof from) == 0);
    for (int i = 0; i < n; i++)
        assert(proxy_header_parse(exact, (size_t)i, &again) == 0);
    return 0;
}
