/* api_keys.h - keys that are simply shown, and a file of their SHA-256 sums.
 *
 *   # name  SHA-256 of the key, in hex                                    options
 *   shop    8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92 streams=trade.*,book.*
 *   ops     …                                                                connections=10
 *
 * Who reads the file cannot use the keys. Keys are compared by their sums, every one of them, in
 * the same time wherever they differ.
 */
#ifndef GATEWAY_API_KEYS_H
#define GATEWAY_API_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/identity.h"

struct api_keys;

enum { API_KEYS_MAX = 10000, API_KEYS_FILE_MAX = 4 << 20 };

/* text: the file's. NULL with one line in error that says which line is wrong and how. */
struct api_keys *api_keys_read(const char *text, size_t len, char *error, size_t cap);
void api_keys_free(struct api_keys **keys); /* NULL is fine */

/* Is it one of the keys? out->grants is the caller's then. False also when out of memory. */
bool api_keys_accept(const struct api_keys *keys, const char *key, size_t len,
                     struct identity *out);

#endif
