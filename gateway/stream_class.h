/* stream_class.h - a handful of named classes of streams, by pattern: what limits and metrics go
 * by.
 *
 * The operator names them (--class book=depth.*,orderbook_*), so that no label of a metric is ever
 * chosen by a client. A stream belongs to the first class with a pattern that fits; otherwise to
 * "other".
 */
#ifndef GATEWAY_STREAM_CLASS_H
#define GATEWAY_STREAM_CLASS_H

#include <stddef.h>

#include "common/settings.h"

enum { STREAM_CLASSES_MAX = 16, STREAM_CLASS_NAME_MAX = 32 };

struct stream_class {
    char name[STREAM_CLASS_NAME_MAX + 1];
    const char *patterns; /* comma-separated; borrowed from the settings */
};

struct stream_classes {
    struct stream_class classes[STREAM_CLASSES_MAX];
    unsigned n; /* at least 1: the last is "other" */
};

enum { STREAM_CLASS_ERROR_MAX = 200 };

/* From the values of --class, each NAME=PATTERN[,PATTERN...]. 0; -EINVAL with one line in error. */
int stream_classes_parse(const struct setting_list *values, struct stream_classes *classes,
                         char error[STREAM_CLASS_ERROR_MAX]);

unsigned stream_class_of(const struct stream_classes *classes, const char *name, size_t len);

#endif
