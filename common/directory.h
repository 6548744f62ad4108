/* directory.h - the hash in which publishers tell what they publish, and gateways read it.
 *
 *   <prefix>_directory   <stream> -> {"seen_ms":S,"rate":R,"last_ms":L}
 *
 * seen_ms is when the field was written, by Redis' own clock; rate, messages a second over the last
 * minute; last_ms, when the newest came, by the publisher's clock. A publisher writes the names it
 * had events for in the last minute every DIRECTORY_EVERY_MS. What nobody has written again for
 * DIRECTORY_STALE_MS whoever writes next removes, so two publishers do not erase each other's.
 */
#ifndef COMMON_DIRECTORY_H
#define COMMON_DIRECTORY_H

#define DIRECTORY_KEY "_directory" /* after the prefix */

enum {
    DIRECTORY_EVERY_MS = 5000,
    DIRECTORY_STALE_MS = 20000,
    DIRECTORY_FIELDS_MAX = 20000, /* of the hash: beyond it no new name is taken */
};

#endif
