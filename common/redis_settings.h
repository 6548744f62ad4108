/* redis_settings.h - the settings about Redis that both programs have, checked in one place.
 *
 * The entries themselves are in each program's table.
 */
#ifndef COMMON_REDIS_SETTINGS_H
#define COMMON_REDIS_SETTINGS_H

#include "common/redis_name.h"
#include "common/redis_tls.h"
#include "common/redis_url.h"
#include "common/settings.h"

enum pubsub_form { PUBSUB_AUTO, PUBSUB_PLAIN, PUBSUB_SHARDED };

extern const char *const pubsub_form_names[];  /* for SETTING_CHOICE */
extern const char *const redis_verify_names[]; /* of enum redis_verify */

/* As given. Borrowed; naming.prefix stays a borrowed prefix afterwards. */
struct redis_given {
    const char *redis, *prefix, *ca, *cert, *key;
    int verify, pubsub;
};

/* What they mean: where Redis is, with the login's TLS; what is called how there; the TLS itself,
 * NULL in the clear, the caller's to free. 0; -EINVAL or -ENOMEM with one clear line in error. */
int redis_settings_read(const struct redis_given *given, struct redis_url *url,
                        struct redis_naming *naming, struct redis_tls **tls,
                        char error[SETTINGS_ERROR_MAX]);

#endif
