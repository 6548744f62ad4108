/* redis_form.c - see redis_form.h. */
#include "common/redis_form.h"

#include <stdio.h>
#include <string.h>

static const char *const forms[] = {"plain", "sharded"};

const char *redis_form(const struct redis_naming *naming)
{
    return forms[naming->sharded];
}

size_t redis_form_key(const struct redis_naming *naming, char buf[REDIS_FORM_KEY_MAX])
{
    return (size_t)snprintf(buf, REDIS_FORM_KEY_MAX, "%s_pubsub", naming->prefix);
}

bool redis_form_differs(const struct redis_naming *naming, const char *value, size_t len)
{
    const char *other = forms[!naming->sharded];

    return len == strlen(other) && memcmp(value, other, len) == 0;
}
