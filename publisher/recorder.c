/* recorder.c - see recorder.h.
 *
 * Two buffers: one is being written, the other filled.
 */
#include "publisher/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_span.h"
#include "common/log.h"
#include "common/text.h"
#include "common/utf8.h"

struct recorder {
    uv_loop_t *loop;
    const char *path;
    int fd;
    uv_fs_t request;
    struct text writing, waiting;
    size_t written;     /* of writing */
    unsigned n_waiting; /* messages in each */
    unsigned n_writing;
    bool busy, reopen, closing;
    bool torn; /* the last write failed, perhaps within a line */
    uint64_t lost;
    struct log_limit failures;
};

static void write_on(struct recorder *r);

static void lose(struct recorder *r, unsigned messages, const char *why)
{
    uint64_t held;

    r->lost += messages;
    if (log_allowed(&r->failures, &held))
        log_error("the recording is incomplete", LOG_TEXT("file", r->path), LOG_TEXT("why", why),
                  LOG_NUMBER("lost", r->lost));
}

static int open_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    return fd < 0 ? -errno : fd;
}

static void do_reopen(struct recorder *r)
{
    int fd = open_file(r->path);

    r->reopen = false;
    if (fd < 0) {
        log_error("the recording cannot be opened again; it goes on in the old file",
                  LOG_TEXT("file", r->path), LOG_TEXT("why", strerror(-fd)));
        return;
    }
    close(r->fd);
    r->fd = fd;
    r->torn = false;
    log_info("the recording is opened again", LOG_TEXT("file", r->path));
}

static void end(struct recorder *r)
{
    close(r->fd);
    text_free(&r->writing);
    text_free(&r->waiting);
    free(r);
}

static void on_written(uv_fs_t *request)
{
    struct recorder *r = request->data;
    ssize_t n = request->result;

    uv_fs_req_cleanup(request);
    r->busy = false;
    if (n < 0) {
        lose(r, r->n_writing, uv_strerror((int)n));
        r->writing.len = 0;
        r->torn = true;
    } else {
        r->written += (size_t)n;
        if (r->written == r->writing.len)
            r->writing.len = 0;
    }
    write_on(r);
}

/* The buffer that was filled is the next to be written. */
static void exchange(struct recorder *r)
{
    struct text empty = r->writing;

    if (r->reopen)
        do_reopen(r);
    r->writing = r->waiting;
    r->n_writing = r->n_waiting;
    r->written = 0;
    r->waiting = empty;
    r->n_waiting = 0;
}

static void write_on(struct recorder *r)
{
    if (r->busy)
        return;
    if (r->writing.len == 0)
        exchange(r);
    if (r->writing.len == 0) {
        if (r->closing)
            end(r);
        return;
    }
    uv_buf_t rest =
        uv_buf_init(r->writing.at + r->written, (unsigned)(r->writing.len - r->written));
    r->busy = true;
    uv_fs_write(r->loop, &r->request, r->fd, &rest, 1, -1, on_written);
}

/* ---- a message ------------------------------------------------------------------------------- */

/* In JSON a line break stands between two parts, where it means nothing. */
static void add_json(struct text *t, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && text[at + n] != '\n' && text[at + n] != '\r')
            n++;
        text_add_bytes(t, text + at, n);
        at += n + 1;
    }
}

void recorder_add(struct recorder *r, const char *kind, const char *text, size_t len,
                  int64_t unix_ms)
{
    struct text *t = &r->waiting;
    size_t before = t->len;
    struct json_value root;

    if (t->len + len > RECORDER_WAITING_MAX) {
        lose(r, 1, "the disk is slower than the messages come");
        return;
    }
    text_add(t, "%s{\"source\":\"%s\",\"time\":%" PRId64 ",\"message\":", r->torn ? "\n" : "", kind,
             unix_ms); /* a line that was cut off is ended first */
    if (json_check(text, len, JSON_STRICT, &root, NULL) == 0) {
        add_json(t, text, len);
    } else if (utf8_valid(text, len)) {
        text_add_json(t, text, len);
    } else {
        t->failed = true;
    }
    text_add(t, "}\n");
    if (t->failed) {
        t->failed = false;
        t->len = before;
        lose(r, 1, "a message is no text, or there is no memory for it");
        return;
    }
    r->torn = false;
    r->n_waiting++;
    write_on(r);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct recorder *recorder_open(uv_loop_t *loop, const char *path, char error[RECORDER_ERROR_MAX])
{
    int fd = open_file(path);
    struct recorder *r = fd < 0 ? NULL : calloc(1, sizeof *r);

    if (!r) {
        snprintf(error, RECORDER_ERROR_MAX, "'%.120s': %s", path, strerror(fd < 0 ? -fd : ENOMEM));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    r->loop = loop;
    r->path = path;
    r->fd = fd;
    r->request.data = r;
    return r;
}

void recorder_reopen(struct recorder *r)
{
    r->reopen = true;
    write_on(r);
}

uint64_t recorder_lost(const struct recorder *r)
{
    return r->lost;
}

void recorder_close(struct recorder **rp)
{
    struct recorder *r = *rp;

    *rp = NULL;
    if (!r)
        return;
    r->closing = true;
    write_on(r);
}
