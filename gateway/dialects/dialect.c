/* dialect.c - the dialects there are. */
#include "gateway/dialects/dialect.h"

#include <string.h>

const struct dialect *const dialects[] = {
    &dialect_exchange,
    &dialect_binance,
    &dialect_injective,
    &dialect_nano,
    &dialect_drift,
    &dialect_zilliqa,
    NULL,
};

const struct dialect *dialect_by_name(const char *name)
{
    for (const struct dialect *const *d = dialects; *d; d++)
        if (strcmp((*d)->name, name) == 0)
            return *d;
    return NULL;
}

int dialects_start(struct client_host *host)
{
    for (const struct dialect *const *d = dialects; *d; d++) {
        int err = (*d)->start ? (*d)->start(host) : 0;
        if (err)
            return err;
    }
    return 0;
}

void dialects_stop(struct client_host *host)
{
    for (const struct dialect *const *d = dialects; *d; d++)
        if ((*d)->stop)
            (*d)->stop(host);
}

void dialects_tick(struct client_host *host)
{
    for (const struct dialect *const *d = dialects; *d; d++)
        if ((*d)->tick)
            (*d)->tick(host);
}
