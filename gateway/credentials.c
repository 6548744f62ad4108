/* credentials.c - see credentials.h. */
#include "gateway/credentials.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct span none = {"", 0};

struct span credentials_in_authorization(const char *value)
{
    if (strncasecmp(value, "Bearer ", 7) != 0)
        return none;
    value += 7 + strspn(value + 7, " ");
    return (struct span){value, strcspn(value, " ")};
}

struct span credentials_in_query(const char *query)
{
    for (const char *at = query; *at; at += strcspn(at, "&")) {
        at += *at == '&';
        if (strncmp(at, "token=", 6) == 0)
            return (struct span){at + 6, strcspn(at + 6, "&")};
    }
    return none;
}

/* The next name of the list; *at moves behind it. Empty at the end. */
static struct span next_name(const char **at)
{
    *at += strspn(*at, ", \t");
    struct span name = {*at, strcspn(*at, ", \t")};
    *at += name.len;
    return name;
}

static bool has_token(struct span name)
{
    return name.len >= 7 && memcmp(name.at, "bearer.", 7) == 0;
}

struct span credentials_in_subprotocols(const char *offered)
{
    for (struct span name = next_name(&offered); name.len > 0; name = next_name(&offered))
        if (has_token(name))
            return (struct span){name.at + 7, name.len - 7};
    return none;
}

bool subprotocol_choose(const char *offered, char chosen[SUBPROTOCOL_MAX + 1])
{
    struct span first = none, name;

    *chosen = '\0';
    if (strlen(offered) > SUBPROTOCOLS_MAX)
        return false;
    while ((name = next_name(&offered)).len > 0) {
        if (first.len == 0 || (has_token(first) && !has_token(name)))
            first = name;
    }
    if (first.len > SUBPROTOCOL_MAX)
        return false;
    memcpy(chosen, first.at, first.len);
    chosen[first.len] = '\0';
    return true;
}
