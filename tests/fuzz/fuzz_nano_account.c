/* fuzz_nano_account.c - any bytes as the name of a Nano account: what is read as a key is written
 * as a name that is read as the same key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/nano_account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_come_back(const struct nano_key *key)
{
    char name[NANO_ACCOUNT_LEN + 1];
    struct nano_key again;

    nano_account_write(key, name);
    if (nano_account_read(name, NANO_ACCOUNT_LEN, &again) < 0 || nano_key_compare(key, &again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nano_key key;

    if (nano_account_read((const char *)data, size, &key) == 0)
        must_come_back(&key);
    if (size >= sizeof key.bytes) {
        memcpy(key.bytes, data, sizeof key.bytes);
        must_come_back(&key);
    }
    return 0;
}
