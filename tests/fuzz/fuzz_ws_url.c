/* fuzz_ws_url.c - any text is either refused with one line or gives an address that can be put into
 * a handshake. */
#include "publisher/sources/ws_url.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ws_url url;
    char error[WS_URL_ERROR_MAX] = "", *text = malloc(size + 1);

    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (ws_url_parse(text, &url, error) < 0) {
        assert(error[0] && !strchr(error, '\n'));
    } else {
        assert((url.host[0] == '\0') == (url.socket[0] != '\0'));
        assert(url.path[0] == '\0' || url.path[0] == '/');
        assert(url.authority[0] && !strpbrk(url.authority, " \r\n"));
        assert(!strpbrk(url.path, " \r\n"));
        assert(url.socket[0] || (atoi(url.port) > 0 && atoi(url.port) <= 65535));
    }
    free(text);
    return 0;
}
