/* text.h - a text that grows: for what is rendered now and then (metrics, JSON for people). */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is empty. After a failed allocation it keeps what it has and notes the
 * failure, so that callers check once, at the end. */
struct text {
    char *at; /* ends with NUL once anything was added */
    size_t len, cap;
    bool failed;
};

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *bytes, size_t len);
void text_add_json(struct text *t, const char *bytes, size_t len); /* as a JSON string, quoted */
void text_free(struct text *t);

#endif
