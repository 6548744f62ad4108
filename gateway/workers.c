/* workers.c - see workers.h. */
#include "gateway/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/notify.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/limits.h"
#include "gateway/privileges.h"

enum {
    WORKERS_MAX = 64,
    STEADY_MS = 10000,
    HANG_MS = 30000, /* a worker whose loop has not turned for so long is ended, and begun again */
};

struct worker {
    pid_t pid; /* 0: not running */
    uint64_t started_ms, restart_ms;
    uint64_t beats, beat_ms; /* the beat that was seen last, and when */
    struct backoff backoff;
    int listening[LISTEN_MAX + 1];
};

struct supervisor {
    struct gateway_settings *settings;
    struct counters *counters; /* shared memory, one per worker */
    struct limits_shared *limits;
    worker_fn *run;
    void *ctx;
    struct worker workers[WORKERS_MAX];
    unsigned n;
    bool ending;
    uint64_t watchdog_ms, told_ms; /* the service manager's watchdog */
    int exit_code;
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Every worker has sockets of its own on the same ports (SO_REUSEPORT), and they outlive it: what
 * waits at a worker that died is served by the one that takes its place. A Unix socket cannot be
 * shared so; its one descriptor is inherited by all. */
static int open_addresses(struct supervisor *s)
{
    for (unsigned w = 0; w < s->n; w++) {
        for (unsigned i = 0; i < s->settings->n_addresses; i++) {
            const struct listen_address *address = &s->settings->addresses[i];
            bool shared = address->address.ss_family == AF_UNIX && w > 0;
            int fd = shared ? dup(s->workers[0].listening[i]) : listen_address_open(address);
            if (fd < 0) {
                fprintf(stderr, "sluice-gateway: listen: cannot listen on %s: %s\n", address->text,
                        strerror(fd == -1 && shared ? errno : -fd));
                return -EINVAL;
            }
            s->workers[w].listening[i] = fd;
        }
    }
    return 0;
}

static void close_addresses(const struct supervisor *s, unsigned but)
{
    for (unsigned w = 0; w < s->n; w++)
        for (unsigned i = 0; w != but && i < s->settings->n_addresses; i++)
            close(s->workers[w].listening[i]);
}

static void start(struct supervisor *s, unsigned index, const sigset_t *unblocked)
{
    struct worker *w = &s->workers[index];
    pid_t parent = getpid(), pid = fork();

    if (pid < 0) {
        log_error("cannot fork a worker", LOG_TEXT("error", strerror(errno)));
        w->restart_ms = now_ms() + backoff_next(&w->backoff, backoff_random());
        return;
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* no worker outlives its supervisor */
        if (getppid() != parent)
            _exit(1);
        sigprocmask(SIG_SETMASK, unblocked, NULL);
        unsetenv("NOTIFY_SOCKET"); /* the supervisor alone speaks for all */
        close_addresses(s, index);
        exit(s->run(s->ctx, s->settings, s->counters, s->limits, index, w->listening));
    }
    w->pid = pid;
    w->started_ms = w->beat_ms = now_ms();
    w->restart_ms = 0;
}

static void ended(struct supervisor *s, struct worker *w, int status)
{
    unsigned index = (unsigned)(w - s->workers);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;

    w->pid = 0;
    counters_clear_gauges(&s->counters[index]);
    limits_shared_forget(s->limits, index);
    if (s->ending) {
        s->exit_code = s->exit_code ? s->exit_code : code;
        return;
    }
    if (now_ms() - w->started_ms > STEADY_MS)
        backoff_reset(&w->backoff);
    uint32_t wait = backoff_next(&w->backoff, backoff_random());
    w->restart_ms = now_ms() + wait;
    log_error("a worker died and is started again", LOG_NUMBER("worker", index),
              LOG_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              LOG_NUMBER("exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
              LOG_NUMBER("in_ms", wait));
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < s->n; i++)
            if (s->workers[i].pid == pid)
                ended(s, &s->workers[i], status);
}

static void signal_all(struct supervisor *s, int signo)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->workers[i].pid)
            kill(s->workers[i].pid, signo);
}

/* Our own copies of the sockets go too, or connections would be made that nobody accepts. */
static void begin_end(struct supervisor *s, int signo)
{
    if (!s->ending) {
        notify("STOPPING=1");
        close_addresses(s, UINT32_MAX);
    }
    s->ending = true;
    signal_all(s, signo);
}

static bool any_running(const struct supervisor *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->workers[i].pid)
            return true;
    return false;
}

static void restart_due(struct supervisor *s, const sigset_t *unblocked)
{
    for (unsigned i = 0; i < s->n && !s->ending; i++) {
        struct worker *w = &s->workers[i];
        if (w->pid == 0 && now_ms() >= w->restart_ms)
            start(s, i, unblocked);
    }
}

/* SIGABRT, so that there is a core to look at. */
static void end_hung(struct supervisor *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        struct worker *w = &s->workers[i];
        uint64_t beats = __atomic_load_n(&s->counters[i].beats, __ATOMIC_RELAXED);
        if (w->pid == 0 || beats != w->beats) {
            w->beats = beats;
            w->beat_ms = now_ms();
        } else if (now_ms() - w->beat_ms > HANG_MS) {
            log_error("a worker hangs and is ended", LOG_NUMBER("worker", i));
            kill(w->pid, SIGABRT);
            kill(w->pid, SIGCONT); /* if it was stopped */
            w->beat_ms = now_ms();
        }
    }
}

static void tell_watchdog(struct supervisor *s)
{
    if (s->watchdog_ms == 0 || now_ms() - s->told_ms < s->watchdog_ms)
        return;
    s->told_ms = now_ms();
    notify("WATCHDOG=1");
}

static int supervise(struct supervisor *s)
{
    const struct timespec beat = {.tv_nsec = 100 * 1000 * 1000};
    sigset_t ours, unblocked;

    sigemptyset(&ours);
    for (const int *signo = (const int[]){SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0}; *signo; signo++)
        sigaddset(&ours, *signo);
    sigprocmask(SIG_BLOCK, &ours, &unblocked);
    restart_due(s, &unblocked);
    s->watchdog_ms = notify_watchdog_ms();
    notify("READY=1");
    while (!s->ending || any_running(s)) {
        int signo = sigtimedwait(&ours, NULL, &beat);
        if (signo == SIGTERM || signo == SIGINT)
            begin_end(s, signo);
        else if (signo == SIGHUP)
            signal_all(s, SIGHUP);
        reap(s);
        ticket_keys_turn(&s->settings->security.tickets, (uint64_t)time(NULL));
        end_hung(s);
        tell_watchdog(s);
        restart_due(s, &unblocked);
    }
    return s->exit_code;
}

static int drop_privileges(const struct supervisor *s)
{
    int err = privileges_drop(&s->settings->security.account);

    if (err)
        fprintf(stderr, "sluice-gateway: user: privileges cannot be dropped: %s\n", strerror(-err));
    return err;
}

int workers_run(struct gateway_settings *settings, worker_fn *worker, void *ctx)
{
    struct supervisor *s = calloc(1, sizeof *s);
    size_t size = settings->workers * sizeof(struct counters);
    int code = 2;

    if (!s)
        return 1;
    s->settings = settings;
    s->run = worker;
    s->ctx = ctx;
    s->n = (unsigned)settings->workers;
    for (unsigned i = 0; i < s->n; i++)
        s->workers[i].backoff = (struct backoff){.first_ms = 200, .most_ms = 10000};
    s->counters = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s->limits = limits_shared_new(s->n);
    if (s->counters == MAP_FAILED || !s->limits) {
        fprintf(stderr, "sluice-gateway: out of memory\n");
        code = 1;
    } else if (open_addresses(s) == 0 && drop_privileges(s) == 0) {
        code = s->n == 1 ? worker(ctx, settings, s->counters, s->limits, 0, s->workers[0].listening)
                         : supervise(s);
    }
    if (s->counters != MAP_FAILED)
        munmap(s->counters, size);
    limits_shared_free(&s->limits);
    free(s);
    return code;
}
