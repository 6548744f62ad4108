/* zilliqa_address.h - addresses of Zilliqa: 20 bytes, and small sorted sets of them. */
#ifndef COMMON_ZILLIQA_ADDRESS_H
#define COMMON_ZILLIQA_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZILLIQA_ADDRESS_BYTES = 20, ZILLIQA_ADDRESS_HEX = 2 * ZILLIQA_ADDRESS_BYTES };

struct zilliqa_address {
    uint8_t bytes[ZILLIQA_ADDRESS_BYTES];
};

/* Exactly ZILLIQA_ADDRESS_HEX digits in either case, without "0x". */
bool zilliqa_address_read(const char *hex, size_t len, struct zilliqa_address *out);

/* Lower case; no NUL. */
void zilliqa_address_write(const struct zilliqa_address *a, char hex[ZILLIQA_ADDRESS_HEX]);

/* Zero-initialised is empty. Sorted, each address once. */
struct zilliqa_addresses {
    struct zilliqa_address *list;
    uint32_t n, cap;
};

bool zilliqa_addresses_have(const struct zilliqa_addresses *set, const struct zilliqa_address *a);

/* 0, also when it is there already; -ENOMEM and nothing has changed. */
int zilliqa_addresses_add(struct zilliqa_addresses *set, const struct zilliqa_address *a);

void zilliqa_addresses_free(struct zilliqa_addresses *set); /* as good as new */

#endif
