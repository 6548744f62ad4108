/* fuzz_source_options.c - any text after --source KIND= is either refused with one line or gives a
 * source; without libwebsockets every one is refused in the end. */
#include "publisher/sources/source.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[] = {"injective", "nano", "zilliqa", "drift", "exchange"};
    struct source_host host = {.line_max = 1000};
    struct source *source = NULL;
    char error[SOURCE_ERROR_MAX] = "";

    if (size == 0)
        return 0;
    const char *kind = kinds[data[0] % 5];
    char *spec = malloc(size + 16);
    int at = sprintf(spec, "%s=", kind);
    memcpy(spec + at, data + 1, size - 1);
    spec[(size_t)at + size - 1] = '\0';
    int err = source_open(&host, spec, &source, error);
    assert(err < 0 && !source && error[0] && !strchr(error, '\n'));
    free(spec);
    return 0;
}
