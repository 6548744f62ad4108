/* fuzz_credentials.c - any text as the headers and the query in which a token may stand: what is
 * found lies within it, and what is agreed to was offered. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lies_within(struct span s, const char *text)
{
    assert(s.len == 0 || (s.at >= text && s.at + s.len <= text + strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), chosen[SUBPROTOCOL_MAX + 1];

    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    lies_within(credentials_in_authorization(text), text);
    lies_within(credentials_in_query(text), text);
    lies_within(credentials_in_subprotocols(text), text);
    if (subprotocol_choose(text, chosen) && *chosen)
        assert(strstr(text, chosen) && !strpbrk(chosen, ", \t"));
    free(text);
    return 0;
}
