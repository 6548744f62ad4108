/* process_stats.c - see process_stats.h. */
#include "gateway/process_stats.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/counters.h"

static void read_memory(struct counters *c)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages;

    if (!f)
        return;
    if (fscanf(f, "%*u %lu", &pages) == 1)
        c->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    fclose(f);
}

/* Linux 6.2 and later tell the number as the directory's size. Before, the lowest free descriptor
 * stands for it: descriptors are given out from below, and holes are soon filled. Counting names
 * would be a walk over every connection. */
static uint64_t open_descriptors(uint64_t before)
{
    struct stat st;

    if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
        return (uint64_t)st.st_size;
    int lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0)
        return before;
    close(lowest);
    return (uint64_t)lowest;
}

static void read_descriptors(struct counters *c)
{
    struct rlimit limit;

    c->open_fds = open_descriptors(c->open_fds);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        c->max_fds = limit.rlim_cur;
}

static void read_cpu(struct counters *c)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        c->cpu_us = c->cpu_before_us +
                    (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void process_stats_read(struct counters *c)
{
    read_memory(c);
    read_descriptors(c);
    read_cpu(c);
}
