/* lines_file.c - events from a file, from its beginning and on as it grows.
 *
 *   turn: hand over what is read -> read a piece -> again at once, or at its end look again soon
 *
 * It is looked at ten times a second, which works on every file system. Where the file became
 * shorter it is read again from its beginning. Where another file has its name (rotation), the old
 * one is read to its end first. A file that was cut and has grown past where we were between two
 * looks cannot be told from one that merely grew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "publisher/sources/line_input.h"
#include "publisher/sources/lines.h"
#include "publisher/sources/wake.h"

enum { LOOK_MS = 100 };

struct file_lines {
    struct source source;
    struct line_input in;
    struct wake wake; /* the next turn */
    char *path;       /* NULL: read once, to the end of fd, which is not ours */
    int fd;
    off_t at;      /* bytes read of this file */
    bool replaced; /* the name is another file's: what is left of this one is read */
    struct log_limit trouble;
};

static void again(struct file_lines *f, uint64_t ms)
{
    wake_after(&f->wake, ms);
}

static void log_trouble(struct file_lines *f, int err)
{
    uint64_t held;

    if (log_allowed(&f->trouble, &held))
        log_warn("cannot read a file", LOG_TEXT("source", f->source.label),
                 LOG_TEXT("why", strerror(err)));
}

static void begin_again(struct file_lines *f, const char *why)
{
    log_info(why, LOG_TEXT("source", f->source.label));
    line_reader_reset(&f->in.reader);
    f->at = 0;
    f->replaced = false;
    again(f, 0);
}

/* The old file is done with; its name may for a moment be nobody's. */
static void take_new_file(struct file_lines *f)
{
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        if (errno != ENOENT)
            log_trouble(f, errno);
        again(f, LOOK_MS);
        return;
    }
    close(f->fd);
    f->fd = fd;
    begin_again(f, "a file was replaced; reading the new one");
}

/* The end of the file for now. */
static void look(struct file_lines *f)
{
    struct stat open_file = {0}, named;

    if (fstat(f->fd, &open_file) == 0 && open_file.st_size < f->at) {
        lseek(f->fd, 0, SEEK_SET);
        begin_again(f, "a file was cut; reading it from its beginning");
    } else if (stat(f->path, &named) < 0 ||
               (named.st_ino == open_file.st_ino && named.st_dev == open_file.st_dev)) {
        again(f, LOOK_MS);
    } else if (!f->replaced) {
        f->replaced = true; /* once more: it may have grown before its name went */
        again(f, 0);
    } else {
        line_reader_end(&f->in.reader);
        if (line_input_pump(&f->in))
            take_new_file(f);
    }
}

static void at_end(struct file_lines *f)
{
    if (f->path) {
        look(f);
        return;
    }
    line_reader_end(&f->in.reader);
    if (line_input_pump(&f->in))
        source_done(&f->source);
}

/* A file that is followed may become readable again. */
static void failed(struct file_lines *f, int err)
{
    log_trouble(f, err);
    if (f->path)
        again(f, LOOK_MS);
    else
        source_done(&f->source);
}

/* While paused nothing is due: resume() brings the next turn. */
static void turn(void *ctx)
{
    struct file_lines *f = ctx;
    size_t cap;

    if (!line_input_pump(&f->in))
        return;
    char *room = line_reader_room(&f->in.reader, &cap);
    ssize_t n = room ? read(f->fd, room, cap) : -1;
    if (n > 0) {
        line_reader_filled(&f->in.reader, (size_t)n);
        f->at += n;
        if (line_input_pump(&f->in))
            again(f, 0);
    } else if (n == 0) {
        at_end(f);
    } else {
        failed(f, room ? errno : ENOMEM);
    }
}

static void go_on(struct source *source)
{
    again((struct file_lines *)source, 0);
}

static void on_closed(void *ctx)
{
    struct file_lines *f = ctx;

    line_input_fini(&f->in);
    free(f->path);
    free(f);
}

static void end_file(struct source *source)
{
    struct file_lines *f = (struct file_lines *)source;

    if (f->path)
        close(f->fd);
    wake_close(&f->wake, on_closed);
}

static const struct source_ops file_ops = {.start = go_on, .resume = go_on, .free = end_file};

int lines_fd_open(const struct source_host *host, int fd, struct source **source,
                  char error[SOURCE_ERROR_MAX])
{
    struct file_lines *f = calloc(1, sizeof *f);

    (void)error; /* says "out of memory" */
    if (!f)
        return -ENOMEM;
    f->source.ops = &file_ops;
    f->source.patient = true;
    f->fd = fd;
    line_input_init(&f->in, &f->source, host->line_max);
    wake_init(&f->wake, host->loop, turn, f);
    *source = &f->source;
    return 0;
}

int lines_file_open(const struct source_host *host, const char *path, struct source **source,
                    char error[SOURCE_ERROR_MAX])
{
    int fd = source_file_open(path, NULL, error);

    if (fd < 0)
        return fd;
    char *copy = strdup(path);
    if (!copy || lines_fd_open(host, fd, source, error) < 0) {
        snprintf(error, SOURCE_ERROR_MAX, "out of memory");
        close(fd);
        free(copy);
        return -ENOMEM;
    }
    ((struct file_lines *)*source)->path = copy;
    return 0;
}
