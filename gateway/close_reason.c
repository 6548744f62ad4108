/* close_reason.c - see close_reason.h. */
#include "gateway/close_reason.h"

const struct close_reason_info close_reasons[CLOSE_REASON_COUNT] = {
#define X(name, code, text) {#name, code, text},
    CLOSE_REASONS(X)
#undef X
};
