/* refusal.c - see refusal.h. */
#include "gateway/refusal.h"

const struct refusal_info refusals[REFUSAL_COUNT] = {
#define X(name, status, line) {#name, status, line},
    REFUSALS(X)
#undef X
};
