/* bench_util.c - see bench_util.h. */
#include "tests/bench/bench_util.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

void bench_die(const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void *bench_realloc(void *old, size_t size)
{
    void *p = realloc(old, size);
    if (!p)
        bench_die("out of memory for %zu bytes", size);
    return p;
}

void *bench_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        bench_die("out of memory for %zu times %zu bytes", n, size);
    return p;
}

static void print_help(const struct bench_option *table, size_t n)
{
    printf("usage: %s [options]\n", program_invocation_short_name);
    for (size_t i = 0; i < n; i++) {
        const char *value = table[i].number ? " N" : table[i].text ? " TEXT" : "";
        printf("  --%s%-*s %s\n", table[i].name, 20 - (int)strlen(table[i].name), value,
               table[i].help);
    }
}

static void set_number(const struct bench_option *option, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || value > option->max)
        bench_die("--%s %s: expected a number up to %llu", option->name, text,
                  (unsigned long long)option->max);
    *option->number = value;
}

static const struct bench_option *find_option(const struct bench_option *table, size_t n,
                                              const char *flag)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(flag, "--", 2) == 0 && strcmp(flag + 2, table[i].name) == 0)
            return &table[i];
    bench_die("%s: no such option (see --help)", flag);
}

void bench_options(int argc, char **argv, const struct bench_option *table, size_t n)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(table, n);
            exit(0);
        }
        const struct bench_option *option = find_option(table, n, argv[i]);
        if (option->on) {
            *option->on = true;
            continue;
        }
        if (++i == argc)
            bench_die("--%s: a value is missing", option->name);
        if (option->number)
            set_number(option, argv[i]);
        else
            *option->text = argv[i];
    }
}

uint64_t bench_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

size_t bench_raise_fd_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        bench_die("cannot raise the limit of descriptors: %s", strerror(errno));
    return limit.rlim_cur;
}

struct sockaddr_in bench_loopback(uint64_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int bench_connect(uint64_t port)
{
    struct sockaddr_in to = bench_loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        bench_die("cannot connect to port %llu: %s", (unsigned long long)port, strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

void bench_set_nonblocking(int fd)
{
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        bench_die("fcntl: %s", strerror(errno));
}
