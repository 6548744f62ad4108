/* blocks.c - see blocks.h. */
#include "gateway/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PARTS = 8, FIRST_BYTES = 1024, KEEP_BYTES = 256 * 1024, ANEW_US = 10 * 1000000 };

static void discard(struct blocks *b)
{
    b->n_parts = b->len = 0;
    b->height = 0;
    if (b->cap > KEEP_BYTES) { /* one large block must not cost its memory for ever */
        free(b->bytes);
        b->bytes = NULL;
        b->cap = 0;
    }
}

void blocks_fini(struct blocks *b)
{
    free(b->parts);
    free(b->bytes);
    *b = (struct blocks){0};
}

/* False: an older epoch speaks, whose writer has been replaced. */
static bool enter_epoch(struct blocks *b, uint64_t epoch)
{
    if (epoch < b->epoch)
        return false;
    if (epoch > b->epoch) {
        discard(b);
        b->holed = false; /* the new leader sends the block at hand whole */
        b->epoch = epoch;
    }
    return true;
}

static int reserve(struct blocks *b, size_t len)
{
    if (b->n_parts == b->parts_cap) {
        size_t cap = b->parts_cap ? b->parts_cap * 2 : FIRST_PARTS;
        struct blocks_part *bigger = realloc(b->parts, cap * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        b->parts = bigger;
        b->parts_cap = cap;
    }
    size_t cap = b->cap ? b->cap : FIRST_BYTES;
    while (cap < b->len + len)
        cap *= 2;
    if (cap == b->cap)
        return 0;
    char *bigger = realloc(b->bytes, cap);
    if (!bigger)
        return -ENOMEM;
    b->bytes = bigger;
    b->cap = cap;
    return 0;
}

void blocks_part(struct blocks *b, uint64_t epoch, uint64_t height, bool hole, uint32_t kind,
                 const char *bytes, size_t len, size_t limit)
{
    if (!enter_epoch(b, epoch) || height <= b->finished)
        return;
    if (b->height != height) {
        /* The end of the height before never came: what is held of it is of no use. */
        b->holed = b->holed || b->n_parts > 0;
        discard(b);
        b->height = height;
    }
    b->holed = b->holed || hole;
    if (b->holed)
        return;
    if (b->len + len > limit || reserve(b, len) < 0) {
        b->holed = true;
        return;
    }
    b->parts[b->n_parts++] =
        (struct blocks_part){.kind = kind, .at = (uint32_t)b->len, .len = (uint32_t)len};
    memcpy(b->bytes + b->len, bytes, len);
    b->len += len;
}

/* Out of step: the next end seen with everything confirmed is a beginning again. */
static enum blocks_verdict begin_again(struct blocks *b, uint64_t height, bool confirmed)
{
    bool gap = b->in_step && !b->in_gap;

    discard(b);
    b->holed = false;
    b->in_step = confirmed;
    b->in_gap = b->in_gap || gap;
    b->finished = height;
    return gap ? BLOCKS_GAP : BLOCKS_SKIP;
}

/* A new leader repeats blocks that it had when the old one had them, so before the last one
 * finished, give or take two clocks. What is had later cannot be a repeat. */
static bool begun_anew(const struct blocks *b, uint64_t time_us)
{
    return b->epoch > b->finished_epoch && time_us > b->finished_us + ANEW_US;
}

enum blocks_verdict blocks_end(struct blocks *b, uint64_t epoch, uint64_t height, uint64_t time_us,
                               bool hole, bool confirmed)
{
    if (!enter_epoch(b, epoch))
        return BLOCKS_SKIP;
    bool anew = height <= b->finished;
    if (anew && !begun_anew(b, time_us))
        return BLOCKS_SKIP;
    b->finished_epoch = epoch;
    b->finished_us = time_us;
    if (anew)
        return begin_again(b, height, confirmed);
    if (!b->in_step || !confirmed)
        return begin_again(b, height, confirmed);
    if (b->height != 0 && b->height != height)
        b->holed = true; /* parts of another height, whose end never came */
    if (!b->holed && !hole && (b->finished == 0 || height == b->finished + 1)) {
        b->finished = height;
        b->in_gap = false;
        return BLOCKS_READY;
    }
    discard(b);
    b->holed = false;
    b->finished = height;
    enum blocks_verdict verdict = b->in_gap ? BLOCKS_SKIP : BLOCKS_GAP;
    b->in_gap = true;
    return verdict;
}

void blocks_next(struct blocks *b)
{
    discard(b);
    b->holed = false;
}
