/* fuzz_deflate_offer.c - what clients offer for permessage-deflate: any header can be read. */
#include <stdlib.h>
#include <string.h>

#include "gateway/deflate_offer.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t mentions(const char *header)
{
    size_t n = 0;

    while ((header = strstr(header, "permessage-deflate"))) {
        header++;
        n++;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct deflate_offer last;
    char *header = strndup((const char *)data, size);

    if (!header)
        return 0;
    unsigned n = deflate_offers(header, &last);
    if (n > mentions(header) || (n > 0 && last.usable && strchr(header, '"')))
        abort();
    free(header);
    return 0;
}
