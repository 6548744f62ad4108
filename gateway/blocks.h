/* blocks.h - the parts of a chain's blocks, put together by height until the block's end has come.
 *
 * For views of chains whose protocol sends one message per block: the parts of a block arrive on
 * the view's streams, its end on the chain's end-of-block stream, all on one ordered path.
 *
 *   blocks_part() ... blocks_part()  blocks_end() -> BLOCKS_READY: the parts, in order of arrival
 *
 * A view begins with the block after the first end that it saw once Redis had confirmed every one
 * of its streams: only that one can be known to be whole. Parts of an unfinished height are
 * discarded when a newer epoch speaks: the new leader sends that block whole again. A finished
 * height is never repeated, unless the chain has begun anew (a recording that is played again, a
 * test network that was reset): a newer epoch goes back to a height that its publisher had long
 * after the last one finished. After a lost link reader.h sees to it that the parts and ends that
 * were missed come in this order, too. What cannot be whole is never given out as if it were: a
 * hole in one of the streams, a lost link of which nobody knows what it cost, a height left out, a
 * block over the limit make BLOCKS_GAP of the next end; whoever owns this says so in its protocol's
 * words, and goes on.
 *
 * It does no I/O and knows no JSON.
 */
#ifndef GATEWAY_BLOCKS_H
#define GATEWAY_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blocks_part {
    uint32_t kind;    /* the caller's own: e.g. which type of event */
    uint32_t at, len; /* of its bytes, in blocks->bytes */
};

/* Zero-initialised is empty and new. */
struct blocks {
    uint64_t epoch;                       /* of the newest message seen */
    uint64_t height;                      /* of the parts held; 0: none are */
    uint64_t finished;                    /* the last height that ended; 0: none yet */
    uint64_t finished_epoch, finished_us; /* the epoch and time stamp of its end */
    bool in_step;                         /* an end was seen while every stream was confirmed */
    bool holed;                           /* the block at hand cannot be whole */
    bool in_gap;                          /* said, and nothing whole since */
    struct blocks_part *parts;
    size_t n_parts, parts_cap;
    char *bytes; /* of all parts */
    size_t len, cap;
};

void blocks_fini(struct blocks *b); /* as good as new */

/* One part of the block at that height; its bytes are copied. `hole`: messages of its stream are
 * known to be missing before it. limit: bytes that a block may have; beyond it the block counts as
 * holed. Without memory it counts as holed, too. */
void blocks_part(struct blocks *b, uint64_t epoch, uint64_t height, bool hole, uint32_t kind,
                 const char *bytes, size_t len, size_t limit);

enum blocks_verdict {
    BLOCKS_SKIP,  /* not in step yet, or a height that is finished already */
    BLOCKS_READY, /* the block is whole: parts[] until blocks_next() */
    BLOCKS_GAP,   /* blocks are missing since the last that was ready; said once per gap */
};

/* The end of the block at that height; time_us as in its message's head. confirmed: every stream of
 * the view is. After anything but BLOCKS_SKIP, use the parts and call blocks_next(). */
enum blocks_verdict blocks_end(struct blocks *b, uint64_t epoch, uint64_t height, uint64_t time_us,
                               bool hole, bool confirmed);

/* Done with that block. */
void blocks_next(struct blocks *b);

#endif
