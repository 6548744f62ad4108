/* stream_class.h - a handful of named classes of streams, by pattern: what policies and metrics
 * go by.
 *
 * The operator names them (--class book=depth.*,orderbook_*), so that no label of a metric is ever
 * chosen by a client. A stream belongs to the first class with a pattern that fits; otherwise to
 * "other".
 */
#ifndef GATEWAY_STREAM_CLASS_H
#define GATEWAY_STREAM_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"

enum {
    STREAM_CLASSES_MAX = 16,
    STREAM_CLASS_NAME_MAX = 32,
    WRITE_DELAY_MAX_MS = 1000,
    STREAM_CLASS_ERROR_MAX = 200,
};

/* What becomes of its messages when the queue of a slow reader is full. */
enum slow_policy {
    POLICY_CLOSE,    /* nothing is left out: the client is closed */
    POLICY_CONFLATE, /* of each stream only the newest message stays */
    POLICY_DROP,     /* the oldest go, and the client is told where the dialect can */
};

struct stream_class {
    char name[STREAM_CLASS_NAME_MAX + 1];
    uint8_t policy;       /* enum slow_policy */
    uint16_t delay_ms;    /* a message may wait so long for others to share its write */
    const char *patterns; /* comma-separated; borrowed from the settings */
};

struct stream_classes {
    struct stream_class classes[STREAM_CLASSES_MAX];
    unsigned n;  /* at least 1: the last is "other" */
    bool yields; /* the policy of some class is another than close */
    bool delays; /* some class has a delay */
};

/* From the values of --class, each NAME=PATTERN[,PATTERN...]. 0; -EINVAL with one line in error. */
int stream_classes_parse(const struct setting_list *values, struct stream_classes *classes,
                         char error[STREAM_CLASS_ERROR_MAX]);

/* From the values of --policy, each CLASS=close|conflate|drop, and of --write-delay, each
 * [CLASS=]TIME; without a class it is for all that have none of their own. As above; classes have
 * been parsed. */
int stream_classes_policies(const struct setting_list *values, struct stream_classes *classes,
                            char error[STREAM_CLASS_ERROR_MAX]);
int stream_classes_delays(const struct setting_list *values, struct stream_classes *classes,
                          char error[STREAM_CLASS_ERROR_MAX]);

unsigned stream_class_of(const struct stream_classes *classes, const char *name, size_t len);

#endif
