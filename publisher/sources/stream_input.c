/* stream_input.c - see stream_input.h. */
#include "publisher/sources/stream_input.h"

#include "common/log.h"

void stream_input_init(struct stream_input *in, struct source *source, size_t line_max,
                       void (*end)(struct stream_input *in))
{
    *in = (struct stream_input){.end = end};
    line_input_init(&in->lines, source, line_max);
}

void stream_input_fini(struct stream_input *in)
{
    line_input_fini(&in->lines);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct stream_input *in = handle->data;

    (void)suggested;
    buf->base = line_reader_room(&in->lines.reader, &buf->len);
    if (!buf->base)
        buf->len = 0; /* read with UV_ENOBUFS: as an error */
}

/* An orderly end makes a line of what has no newline; after an error it is torn, and is left. */
static void ended(struct stream_input *in, ssize_t why)
{
    uv_read_stop(&in->handle.stream);
    in->reading = false;
    in->ended = true;
    if (why == UV_EOF)
        line_reader_end(&in->lines.reader);
    else
        log_warn("an input broke off", LOG_TEXT("source", in->lines.source->label),
                 LOG_TEXT("why", uv_strerror((int)why)));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct stream_input *in = stream->data;

    (void)buf;
    if (n > 0)
        line_reader_filled(&in->lines.reader, (size_t)n);
    else if (n < 0)
        ended(in, n);
    stream_input_go(in);
}

void stream_input_go(struct stream_input *in)
{
    in->handle.any.data = in;
    if (!line_input_pump(&in->lines)) {
        uv_read_stop(&in->handle.stream);
        in->reading = false;
        return;
    }
    if (in->ended) {
        in->end(in);
        return;
    }
    line_reader_trim(&in->lines.reader);
    if (!in->reading)
        uv_read_start(&in->handle.stream, on_room, on_read);
    in->reading = true;
}
