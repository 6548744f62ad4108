/* fuzz_message.c - a message's head that was read is written again byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "common/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    char head[MESSAGE_HEAD_MAX];
    struct message m;

    if (message_read(bytes, size, &m) < 0)
        return 0;
    must(m.data_len > 0 && m.data + m.data_len == bytes + size);
    if (!m.has_head) {
        must(m.data == bytes && m.seq == 0 && !m.tag);
        return 0;
    }
    size_t len = message_write_head(head, &m);
    must(len + m.data_len == size && memcmp(head, bytes, len) == 0);
    return 0;
}
