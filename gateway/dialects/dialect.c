/* dialect.c - the dialects by name. */
#include "gateway/dialects/dialect.h"

#include <string.h>

static const struct dialect *const named[] = {&dialect_exchange, &dialect_binance};

const struct dialect *dialect_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(named[i]->name, name) == 0)
            return named[i];
    return NULL;
}
