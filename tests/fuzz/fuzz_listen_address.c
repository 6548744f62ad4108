/* fuzz_listen_address.c - any text is either refused with one line or gives an address. */
#include "gateway/listen_address.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct listen_address a, again;
    char error[200], *text = malloc(size + 1);

    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (listen_address_parse(text, &a, error, sizeof error) < 0) {
        assert(strncmp(error, "listen: ", 8) == 0);
    } else {
        assert(a.address_len > 0 && a.address_len <= sizeof a.address);
        assert(a.profile == PROFILE_DOC || a.profile == PROFILE_NODE);
        int err = listen_address_parse(a.text, &again, error, sizeof error);
        assert(err == 0 && again.address_len == a.address_len);
        assert(memcmp(&again.address, &a.address, a.address_len) == 0);
    }
    free(text);
    return 0;
}
