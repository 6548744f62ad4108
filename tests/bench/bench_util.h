/* bench_util.h - what the measuring programs share: options, clocks, loopback sockets.
 *
 * These programs run for seconds under bench/run. Whatever goes wrong ends them with one line.
 */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One flag of a program: "--name N", "--name TEXT" or "--name" alone, by which pointer is set. */
struct bench_option {
    const char *name;
    uint64_t *number;
    const char **text;
    bool *on;
    uint64_t max; /* of a number */
    const char *help;
};

/* Read argv; --help prints the table and exits, a mistake dies. */
void bench_options(int argc, char **argv, const struct bench_option *table, size_t n);

/* Print one line on standard error and exit with 1. */
__attribute__((format(printf, 1, 2), noreturn)) void bench_die(const char *format, ...);

/* realloc() and calloc() that die instead of failing. */
void *bench_realloc(void *old, size_t size);
void *bench_calloc(size_t n, size_t size);

/* Microseconds of CLOCK_MONOTONIC: the same in every process of one machine. */
uint64_t bench_now_us(void);

/* Raise the soft limit of descriptors to the hard one, and return it. */
size_t bench_raise_fd_limit(void);

struct sockaddr_in bench_loopback(uint64_t port);

/* A blocking connection to a port of this machine, with TCP_NODELAY. */
int bench_connect(uint64_t port);

void bench_set_nonblocking(int fd);

#endif
