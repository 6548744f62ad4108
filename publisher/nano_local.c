/* nano_local.c - see nano_local.h. */
#include "publisher/nano_local.h"

#include <blake2.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_FIRST = 16, LINE_MAX_BYTES = 256 };

static const char by_account[] = "nano.confirmation.account.";

static int append(struct nano_local *l, const struct nano_key *key)
{
    if (l->n == NANO_LOCAL_MAX)
        return -E2BIG;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : KEYS_FIRST;
        struct nano_key *bigger = realloc(l->keys, cap * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        l->keys = bigger;
        l->cap = cap;
    }
    l->keys[l->n++] = *key;
    return 0;
}

/* A line without its remark and the white space around it. */
static char *trim(char *line)
{
    static const char blank[] = " \t\r\n";
    char *at = line + strspn(line, blank), *end;

    at[strcspn(at, "#")] = '\0';
    for (end = at + strlen(at); end > at && strchr(blank, end[-1]); end--)
        end[-1] = '\0';
    return at;
}

static int read_line(struct nano_local *l, char *line)
{
    const char *text = trim(line);
    struct nano_key key;

    if (!*text)
        return 0;
    return nano_account_read(text, strlen(text), &key) < 0 ? -EINVAL : append(l, &key);
}

static int refuse(const char *path, size_t line, int err, char error[NANO_LOCAL_ERROR_MAX])
{
    const char *what = err == -EINVAL ? "no Nano account" : strerror(-err);

    snprintf(error, NANO_LOCAL_ERROR_MAX, "nano-accounts: %.150s, line %zu: %s", path, line, what);
    return err;
}

static int read_lines(struct nano_local *l, FILE *f, const char *path,
                      char error[NANO_LOCAL_ERROR_MAX])
{
    char line[LINE_MAX_BYTES];
    size_t number = 0;

    while (fgets(line, sizeof line, f)) {
        number++;
        bool whole = strchr(line, '\n') || feof(f);
        int err = whole ? read_line(l, line) : -EINVAL;
        if (err)
            return refuse(path, number, err, error);
    }
    return ferror(f) ? refuse(path, number + 1, -EIO, error) : 0;
}

int nano_local_load(struct nano_local *l, const char *path, char error[NANO_LOCAL_ERROR_MAX])
{
    FILE *f = fopen(path, "re");

    *l = (struct nano_local){0};
    if (!f) {
        int err = -errno;
        snprintf(error, NANO_LOCAL_ERROR_MAX, "nano-accounts: %.150s: %s", path, strerror(-err));
        return err;
    }
    int err = read_lines(l, f, path, error);
    fclose(f);
    if (err)
        nano_local_fini(l);
    else if (l->n > 1)
        qsort(l->keys, l->n, sizeof *l->keys, nano_key_compare);
    return err;
}

void nano_local_fini(struct nano_local *l)
{
    free(l->keys);
    *l = (struct nano_local){0};
}

/* Nothing in the name of an account needs encoding, so it stands in the stream's as it is. */
static bool has_account(const struct nano_local *l, const char *stream, size_t len)
{
    size_t before = sizeof by_account - 1;
    struct nano_key key;

    if (l->n == 0 || len <= before || memcmp(stream, by_account, before) != 0)
        return false;
    return nano_account_read(stream + before, len - before, &key) == 0 &&
           bsearch(&key, l->keys, l->n, sizeof key, nano_key_compare);
}

bool nano_local_takes(struct nano_local *l, const struct event *event)
{
    unsigned char digest[NANO_LOCAL_DIGEST];

    if (!has_account(l, event->stream, event->stream_len))
        return false;
    blake2b(digest, event->data, NULL, sizeof digest, event->data_len, 0);
    if (memcmp(digest, l->last, sizeof digest) == 0)
        return false;
    memcpy(l->last, digest, sizeof digest);
    return true;
}
