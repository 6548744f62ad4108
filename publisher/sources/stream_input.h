/* stream_input.h - lines from a pipe, a terminal or a TCP connection: whatever is read as it comes.
 *
 * Reading stops while the source is paused, so that whoever writes to us has to wait.
 */
#ifndef PUBLISHER_SOURCES_STREAM_INPUT_H
#define PUBLISHER_SOURCES_STREAM_INPUT_H

#include "publisher/sources/line_input.h"

struct stream_input {
    struct line_input lines;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
        uv_tcp_t tcp;
    } handle;
    bool reading, ended;
    void (*end)(struct stream_input *in); /* all is read and handed over; once */
};

/* The handle is opened by the caller, and closed by him: no call of end() comes after that. */
void stream_input_init(struct stream_input *in, struct source *source, size_t line_max,
                       void (*end)(struct stream_input *in));
void stream_input_fini(struct stream_input *in); /* after the handle is closed */

/* Hand over what has been read and, unless the source is paused, read on. May call end(). */
void stream_input_go(struct stream_input *in);

#endif
