/* replay_main.c - runs a fuzz target over files instead of a fuzzer: each argument is a file, or a
 * directory whose files are meant. Every compiler can so run the corpus as a test. */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory of exactly the file's size, so that the sanitizer sees a look past its end. */
static bool run_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size + (size == 0));
    FILE *f = fopen(path, "rb");
    bool ok = data && f && fread(data, 1, size, f) == size;

    if (ok)
        LLVMFuzzerTestOneInput(data, size);
    else
        perror(path);
    if (f)
        fclose(f);
    free(data);
    return ok;
}

static bool run_directory(const char *path, size_t *n);

static bool run_path(const char *path, size_t *n)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        perror(path);
        return false;
    }
    if (S_ISDIR(st.st_mode))
        return run_directory(path, n);
    ++*n;
    return run_file(path, (size_t)st.st_size);
}

static bool run_directory(const char *path, size_t *n)
{
    DIR *dir = opendir(path);
    char name[PATH_MAX];
    bool ok = dir != NULL;

    if (!dir)
        perror(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        ok = len < (int)sizeof name && run_path(name, n) && ok;
    }
    if (dir)
        closedir(dir);
    return ok;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    bool ok = true;

    for (int i = 1; i < argc; i++)
        ok = run_path(argv[i], &n) && ok;
    printf("%zu inputs\n", n);
    return ok && n > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus tests nothing */
}
