/* fuzz_address.c - any text as networks, addresses, X-Forwarded-For and origins. The first line is
 * what is trusted or allowed, the second what a stranger sends. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void forwarded(const struct setting_list *trusted, const char *text)
{
    struct networks nets;
    struct address peer = {.bytes = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}}, parsed;
    char error[300], printed[ADDRESS_TEXT_MAX];

    if (networks_parse(trusted, "trusted-proxies", &nets, error, sizeof error) < 0) {
        assert(strncmp(error, "trusted-proxies: ", 17) == 0);
        return;
    }
    struct address who = address_behind_proxies(&nets, peer, text);
    if (!networks_have(&nets, &peer))
        assert(memcmp(&who, &peer, sizeof who) == 0);
    if (*address_text(&who, printed)) {
        assert(address_parse(printed, strlen(printed), &parsed) == 0);
        assert(memcmp(&who, &parsed, sizeof who) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), error[300];

    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    char *second = strchr(text, '\n');
    if (second)
        *second++ = '\0';
    struct setting_list first = {&text, 1};
    forwarded(&first, second ? second : "");
    if (origins_check(&first, error, sizeof error) == 0)
        origin_allowed(&first, second ? second : "");
    free(text);
    return 0;
}
