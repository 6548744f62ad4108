/* line_reader.c - see line_reader.h. */
#include "publisher/line_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_LEAST = LINE_READER_ROOM / 4 };

void line_reader_init(struct line_reader *r, size_t max)
{
    *r = (struct line_reader){.max = max};
}

void line_reader_fini(struct line_reader *r)
{
    free(r->bytes);
    *r = (struct line_reader){.max = r->max};
}

void line_reader_reset(struct line_reader *r)
{
    r->at = r->end = r->scanned = 0;
    r->skipping = r->ended = false;
}

void line_reader_trim(struct line_reader *r)
{
    if (r->at < r->end)
        return;
    free(r->bytes);
    r->bytes = NULL;
    r->cap = r->at = r->end = r->scanned = 0;
}

static bool resize(struct line_reader *r, size_t cap)
{
    char *bytes = realloc(r->bytes, cap);

    if (!bytes)
        return false;
    r->bytes = bytes;
    r->cap = cap;
    return true;
}

/* One long line should not hold its memory for ever. */
static void shrink(struct line_reader *r)
{
    if (r->end < ROOM_LEAST && r->cap > 4 * (size_t)LINE_READER_ROOM)
        resize(r, LINE_READER_ROOM); /* refused: it stays large, which does no harm */
}

char *line_reader_room(struct line_reader *r, size_t *cap)
{
    if (r->at > 0) {
        memmove(r->bytes, r->bytes + r->at, r->end - r->at);
        r->end -= r->at;
        r->at = 0;
    }
    shrink(r);
    if (r->cap - r->end < ROOM_LEAST) {
        size_t most = r->max + LINE_READER_ROOM, wanted = r->cap ? r->cap * 2 : LINE_READER_ROOM;
        if (!resize(r, wanted < most ? wanted : most))
            return NULL;
    }
    *cap = r->cap - r->end;
    return r->bytes + r->end;
}

void line_reader_filled(struct line_reader *r, size_t n)
{
    assert(n <= r->cap - r->end);
    r->end += n;
}

void line_reader_end(struct line_reader *r)
{
    r->ended = true;
}

/* Hand out len bytes and step over their newline, if there is one. */
static enum line_result hand_out(struct line_reader *r, const char **line, size_t *len, size_t n,
                                 size_t newline)
{
    *line = r->bytes + r->at;
    *len = n;
    r->at += n + newline;
    r->scanned = 0;
    return n > r->max ? LINE_TOO_LONG : LINE;
}

enum line_result line_reader_next(struct line_reader *r, const char **line, size_t *len)
{
    while (r->at + r->scanned < r->end) {
        const char *from = r->bytes + r->at;
        const char *newline = memchr(from + r->scanned, '\n', r->end - r->at - r->scanned);
        if (!newline)
            break;
        enum line_result result = hand_out(r, line, len, (size_t)(newline - from), 1);
        if (!r->skipping)
            return result;
        r->skipping = false; /* that was the rest of a long one */
    }
    r->scanned = r->end - r->at;
    if (r->scanned == 0)
        return LINE_NONE;
    if (!r->skipping && r->ended)
        return hand_out(r, line, len, r->scanned, 0);
    if (!r->skipping && r->scanned <= r->max)
        return LINE_NONE;
    bool told = r->skipping;
    r->skipping = true;
    hand_out(r, line, len, r->scanned, 0);
    return told ? LINE_NONE : LINE_TOO_LONG;
}
