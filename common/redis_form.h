/* redis_form.h - finds publishers and gateways that do not speak of the same channels.
 *
 * What is sent by SPUBLISH no SUBSCRIBE hears, and no error tells. So every publisher writes its
 * form, "plain" or "sharded", to <prefix>_pubsub when it begins a term (GETSET: the answer is what
 * another wrote before), and gateways read it with every beat (GET).
 */
#ifndef COMMON_REDIS_FORM_H
#define COMMON_REDIS_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/redis_name.h"

enum { REDIS_FORM_KEY_MAX = STREAM_PREFIX_MAX + sizeof "_pubsub" };

/* "plain" or "sharded". */
const char *redis_form(const struct redis_naming *naming);

/* The key, which lies on redis_slot() of it; ends with NUL. Returns its length. */
size_t redis_form_key(const struct redis_naming *naming, char buf[REDIS_FORM_KEY_MAX]);

/* Is a value found there the other form than ours? False for what is neither. */
bool redis_form_differs(const struct redis_naming *naming, const char *value, size_t len);

#endif
