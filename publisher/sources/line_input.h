/* line_input.h - the lines of one input, read, turned into events and handed over at once.
 *
 * What `lines` does with its bytes, whether they come from a file, a pipe or a connection.
 */
#ifndef PUBLISHER_SOURCES_LINE_INPUT_H
#define PUBLISHER_SOURCES_LINE_INPUT_H

#include "publisher/event_line.h"
#include "publisher/line_reader.h"
#include "publisher/sources/source.h"

struct line_input {
    struct source *source;
    struct line_reader reader;
    uint64_t lines;  /* so far */
    const char *raw; /* the last one, for the log; NULL: it was too long */
    size_t raw_len;
};

void line_input_init(struct line_input *in, struct source *source, size_t line_max);
void line_input_fini(struct line_input *in);

/* Hand over what has been read, until there is no whole line left (true) or the source is paused
 * (false). */
bool line_input_pump(struct line_input *in);

/* The next line, read into *line: true. False: more bytes are needed. Lines that are blank are
 * passed over, those that are bad are reported and passed over. */
bool line_input_next(struct line_input *in, struct event_line *line);

/* Hand over the events of the line that line_input_next() gave last. */
void line_input_emit(struct line_input *in, const struct event_line *line);

#endif
