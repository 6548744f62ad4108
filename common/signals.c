/* signals.c - see signals.h. */
#include "common/signals.h"

#include <signal.h>
#include <stddef.h>

static void mask(int how, const int signals[], size_t n)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < n; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
    mask(SIG_BLOCK, (const int[]){SIGTERM, SIGHUP, SIGINT}, 3);
}

void signals_take(void)
{
    mask(SIG_UNBLOCK, (const int[]){SIGTERM, SIGHUP, SIGINT}, 3);
}

void signals_leave(void)
{
    mask(SIG_BLOCK, (const int[]){SIGTERM, SIGHUP}, 2);
}
