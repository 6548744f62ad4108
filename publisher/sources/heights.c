/* heights.c - see heights.h. */
#include "publisher/sources/heights.h"

static enum height_kind judge(const struct heights *h, uint64_t height, uint64_t time)
{
    if (!h->any)
        return HEIGHT_NEXT;
    if (height <= h->last)
        return time > h->time ? HEIGHT_ANEW : HEIGHT_REPEAT;
    return height == h->last + 1 ? HEIGHT_NEXT : HEIGHT_HOLE;
}

enum height_kind heights_take(struct heights *h, uint64_t height, uint64_t time)
{
    enum height_kind kind = judge(h, height, time);

    if (kind != HEIGHT_REPEAT)
        *h = (struct heights){.any = true, .last = height, .time = time};
    return kind;
}
