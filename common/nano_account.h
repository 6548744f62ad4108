/* nano_account.h - the names of Nano accounts: base32 of a public key and its checksum.
 *
 *   nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc  <->  32 bytes
 *
 * Sixty digits of five bits, the greatest first: four zero bits, the key, and 40 bits of check (the
 * five-byte Blake2b digest of the key, its last byte first). The alphabet leaves out 0, 2, l and v.
 */
#ifndef COMMON_NANO_ACCOUNT_H
#define COMMON_NANO_ACCOUNT_H

#include <stddef.h>

enum {
    NANO_KEY_BYTES = 32,
    NANO_ACCOUNT_LEN = 65, /* "nano_" and sixty digits */
};

struct nano_key {
    unsigned char bytes[NANO_KEY_BYTES];
};

/* Read a name with any of the prefixes that the node takes: nano_, nano-, xrb_, xrb-, node_. 0;
 * -EINVAL when it is none, or its checksum is another's. */
int nano_account_read(const char *text, size_t len, struct nano_key *key);

/* The one name that events carry: nano_ and sixty digits, with NUL behind. */
void nano_account_write(const struct nano_key *key, char buf[NANO_ACCOUNT_LEN + 1]);

/* For qsort() and bsearch(). */
int nano_key_compare(const void *a, const void *b);

#endif
