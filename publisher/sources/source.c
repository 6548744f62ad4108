/* source.c - see source.h. */
#include "publisher/sources/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct source_kind *const source_kinds[] = {
    &lines_source, &replay_source, &exchange_source, &injective_source,
    &nano_source,  &drift_source,  &zilliqa_source,  NULL};

static const struct source_kind *find_kind(const char *spec, size_t len)
{
    for (const struct source_kind *const *kind = source_kinds; *kind; kind++)
        if (strlen((*kind)->name) == len && memcmp((*kind)->name, spec, len) == 0)
            return *kind;
    return NULL;
}

static int unknown_kind(const char *spec, size_t len, char error[SOURCE_ERROR_MAX])
{
    int at = snprintf(error, SOURCE_ERROR_MAX,
                      "unknown kind '%.*s'; known:", (int)(len < 40 ? len : 40), spec);

    for (const struct source_kind *const *kind = source_kinds; *kind; kind++)
        at += snprintf(error + at, SOURCE_ERROR_MAX - (size_t)at, " %s", (*kind)->name);
    return -EINVAL;
}

/* It may repeat what was given, which may be anything. */
static void keep_one_line(char *error)
{
    for (; *error; error++)
        if ((unsigned char)*error < ' ' || *error == 0x7f)
            *error = '?';
}

int source_open(const struct source_host *host, const char *spec, struct source **source,
                char error[SOURCE_ERROR_MAX])
{
    size_t name_len = strcspn(spec, "=,");
    const struct source_kind *kind = find_kind(spec, name_len);
    const char *rest = spec + name_len;
    char *argument = NULL;

    if (!kind)
        return unknown_kind(spec, name_len, error);
    snprintf(error, SOURCE_ERROR_MAX, "out of memory");
    if (*rest == '=') {
        size_t len = strcspn(++rest, ",");
        if (!(argument = strndup(rest, len)))
            return -ENOMEM;
        rest += len;
    }
    int err = kind->open(host, argument, *rest == ',' ? rest + 1 : NULL, source, error);
    free(argument);
    if (err) {
        keep_one_line(error);
        return err;
    }
    (*source)->host = host;
    if (!(*source)->label)
        (*source)->label = spec;
    list_init(&(*source)->in_intake);
    return 0;
}

void source_set_state(struct source *source, enum source_state state, const char *why)
{
    struct source_status *status = &source->status;

    if (status->state != state || !status->since_ms)
        status->since_ms = uv_now(source->host->loop);
    status->state = state;
    snprintf(status->why, sizeof status->why, "%s", why);
}

void source_done(struct source *source)
{
    if (source->done)
        return;
    source->done = true;
    source_set_state(source, SOURCE_ENDED, "");
    source->host->done(source->host->ctx, source);
}

int source_file_open(const char *path, uint64_t *size, char error[SOURCE_ERROR_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait here */
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        int err = -errno;
        snprintf(error, SOURCE_ERROR_MAX, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return err;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(error, SOURCE_ERROR_MAX, "not a regular file");
        close(fd);
        return -EINVAL;
    }
    if (size)
        *size = (uint64_t)st.st_size;
    return fd;
}

bool source_option(const char **options, char *buf, size_t cap, const char **name,
                   const char **value)
{
    if (!*options || cap == 0)
        return false;
    size_t len = strcspn(*options, ",");
    snprintf(buf, cap, "%.*s", (int)(len < cap ? len : cap - 1), *options);
    *options = (*options)[len] == ',' ? *options + len + 1 : NULL;
    char *equals = strchr(buf, '=');
    if (equals)
        *equals++ = '\0';
    *name = buf;
    *value = equals;
    return true;
}
