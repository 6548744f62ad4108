/* injective.c - the Injective dialect. */
#include "gateway/dialects/dialect.h"

static void message(struct client *c, const char *text, size_t len, bool binary)
{
    (void)c, (void)text, (void)len, (void)binary;
}

const struct dialect dialect_injective = {.name = "injective", .message = message};
