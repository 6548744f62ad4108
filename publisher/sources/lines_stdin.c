/* lines_stdin.c - events from standard input: a pipe, a terminal, a socket or a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "publisher/sources/lines.h"
#include "publisher/sources/stream_input.h"

struct stdin_lines {
    struct source source;
    struct stream_input in;
};

static void go_on(struct source *source)
{
    stream_input_go(&((struct stdin_lines *)source)->in);
}

static void on_end(struct stream_input *in)
{
    source_done(in->lines.source);
}

static void on_closed(uv_handle_t *handle)
{
    struct stdin_lines *s = handle->data;

    stream_input_fini(&s->in);
    free(s);
}

static void end_stdin(struct source *source)
{
    struct stdin_lines *s = (struct stdin_lines *)source;

    s->in.handle.any.data = s;
    uv_close(&s->in.handle.any, on_closed);
}

static const struct source_ops stdin_ops = {.start = go_on, .resume = go_on, .free = end_stdin};

/* On error the handle may be half made: it is closed like a whole one. */
static int open_handle(uv_loop_t *loop, struct stream_input *in, uv_handle_type type)
{
    int err;

    if (type == UV_TTY)
        return uv_tty_init(loop, &in->handle.tty, STDIN_FILENO, 1);
    if (type == UV_TCP) {
        err = uv_tcp_init(loop, &in->handle.tcp);
        return err ? err : uv_tcp_open(&in->handle.tcp, STDIN_FILENO);
    }
    err = uv_pipe_init(loop, &in->handle.pipe, 0);
    return err ? err : uv_pipe_open(&in->handle.pipe, STDIN_FILENO);
}

int lines_stdin_open(const struct source_host *host, struct source **source,
                     char error[SOURCE_ERROR_MAX])
{
    uv_handle_type type = uv_guess_handle(STDIN_FILENO);

    if (type == UV_FILE)
        return lines_fd_open(host, STDIN_FILENO, source, error);
    if (type != UV_TTY && type != UV_TCP && type != UV_NAMED_PIPE) {
        snprintf(error, SOURCE_ERROR_MAX, "standard input: closed, or of no kind that can be read");
        return -EINVAL;
    }
    struct stdin_lines *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->source.ops = &stdin_ops;
    stream_input_init(&s->in, &s->source, host->line_max, on_end);
    int err = open_handle(host->loop, &s->in, type);
    if (err) {
        snprintf(error, SOURCE_ERROR_MAX, "standard input: %s", uv_strerror(err));
        if (s->in.handle.any.loop)
            end_stdin(&s->source);
        else
            free(s);
        return err;
    }
    *source = &s->source;
    return 0;
}
