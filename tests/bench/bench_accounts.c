/* bench_accounts.c - see bench_accounts.h. */
#include "tests/bench/bench_accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench_util.h"

void bench_accounts_read(struct bench_accounts *a, const char *path)
{
    char line[256];
    size_t cap = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        bench_die("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strlen(line) != BENCH_ACCOUNT_SIZE - 1)
            bench_die("%s: not an account: %s", path, line);
        if (a->n == cap)
            a->names = bench_realloc(a->names, (cap = cap * 2 + 64) * sizeof *a->names);
        memcpy(a->names[a->n++], line, BENCH_ACCOUNT_SIZE);
    }
    fclose(f);
}

void bench_accounts_fini(struct bench_accounts *a)
{
    free(a->names);
    *a = (struct bench_accounts){0};
}
