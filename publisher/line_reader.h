/* line_reader.h - bytes in odd pieces in, whole lines out.
 *
 *   buf = line_reader_room(&r, &cap);  n = read(fd, buf, cap);  line_reader_filled(&r, n);
 *   while (line_reader_next(&r, &line, &len) == LINE) use(line, len);
 *
 * It is pulled, not pushed: whoever may take no more leaves the lines where they are. Bytes are
 * read straight into its buffer and a line is a span of it: nothing is copied but the torn end.
 *
 * Limit: a line has at most max bytes. A longer one is reported once, as LINE_TOO_LONG, and
 * skipped to its end without being kept.
 */
#ifndef PUBLISHER_LINE_READER_H
#define PUBLISHER_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LINE_READER_ROOM = 64 * 1024, /* the buffer at first; it grows up to the longest line + this */
};

enum line_result {
    LINE_NONE, /* more bytes are needed */
    LINE,
    LINE_TOO_LONG,
};

struct line_reader {
    char *bytes; /* at..end are not handed out yet; the first `scanned` of them hold no newline */
    size_t cap, at, end, scanned;
    size_t max;
    bool skipping; /* within a line that was too long */
    bool ended;    /* what is left is a line, newline or not */
};

void line_reader_init(struct line_reader *r, size_t max);
void line_reader_fini(struct line_reader *r);

/* Where to put more bytes, at least 1 and usually LINE_READER_ROOM; NULL: out of memory. Only
 * after line_reader_next() gave LINE_NONE: spans handed out before are gone. */
char *line_reader_room(struct line_reader *r, size_t *cap);
void line_reader_filled(struct line_reader *r, size_t n);

/* There will be no more bytes: the rest is handed out as a line. */
void line_reader_end(struct line_reader *r);

/* Forget everything that is not handed out, and begin anew. */
void line_reader_reset(struct line_reader *r);

/* The next line, without its newline; the span is valid until line_reader_room(). */
enum line_result line_reader_next(struct line_reader *r, const char **line, size_t *len);

/* Give the buffer back while it holds nothing: for whoever has very many readers. */
void line_reader_trim(struct line_reader *r);

#endif
