/* heights.h - the blocks of a chain as a server sends them: the next, one again, or with a hole.
 *
 * A block is known by its number, and a chain that was begun anew by its clock: a number that is
 * not higher, with a later time than that of the newest block, is of another chain of the same
 * name.
 */
#ifndef PUBLISHER_SOURCES_HEIGHTS_H
#define PUBLISHER_SOURCES_HEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised knows of no block. */
struct heights {
    bool any;
    uint64_t last, time; /* of the newest block, the time in the chain's own unit */
};

enum height_kind {
    HEIGHT_NEXT, /* or the first of all */
    HEIGHT_HOLE, /* those between the newest and this one are missing */
    HEIGHT_REPEAT,
    HEIGHT_ANEW, /* another chain begins */
};

/* Takes note of the block unless it is a repeat. */
enum height_kind heights_take(struct heights *h, uint64_t height, uint64_t time);

#endif
