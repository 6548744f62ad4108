/* main.c - sluice-gateway: settings, signals, and the workers. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/signals.h"
#include "gateway/counters.h"
#include "gateway/doctor.h"
#include "gateway/gateway.h"
#include "gateway/gateway_settings.h"
#include "gateway/workers.h"

enum {
    /* libwebsockets 4.1.6 sizes its tables by the limit, and above ten million falls back to 2,560
     * descriptors. */
    DESCRIPTORS_MAX = 1000000,
};

struct command_line {
    int argc;
    char **argv;
};

struct signals {
    uv_signal_t term, interrupt, hangup;
    uv_timer_t watchdog;
    struct gateway_settings *settings;
    struct gateway *gateway;
    const struct command_line *command;
};

static void on_end(uv_signal_t *handle, int signo)
{
    (void)signo;
    notify("STOPPING=1");
    gateway_drain(handle->data);
}

static void on_reload(uv_signal_t *handle, int signo)
{
    struct signals *signals = handle->data;
    char text[SETTINGS_ERROR_MAX];

    (void)signo;
    if (gateway_settings_reload(signals->settings, signals->command->argc, signals->command->argv,
                                environ, text) < 0) {
        log_error("settings not reloaded", LOG_TEXT("why", text));
        return;
    }
    log_set_level((enum log_level)signals->settings->log_level);
    gateway_reloaded(signals->gateway);
    if (signals->settings->security.tls)
        log_info("certificate", LOG_TEXT("expires", tls_expiry(signals->settings->security.tls)));
    log_info("settings reloaded", LOG_TEXT("changed", *text ? text : "nothing"));
}

static void start_signals(uv_loop_t *loop, struct signals *signals, struct gateway *gw)
{
    uv_signal_init(loop, &signals->term);
    uv_signal_init(loop, &signals->interrupt);
    uv_signal_init(loop, &signals->hangup);
    signals->gateway = gw;
    signals->hangup.data = signals;
    signals->term.data = signals->interrupt.data = gw;
    uv_signal_start(&signals->term, on_end, SIGTERM);
    uv_signal_start(&signals->interrupt, on_end, SIGINT);
    uv_signal_start(&signals->hangup, on_reload, SIGHUP);
    signals_take();
    notify_watchdog_start(loop, &signals->watchdog);
}

static void stop_signals(struct signals *signals)
{
    signals_leave();
    uv_close((uv_handle_t *)&signals->term, NULL);
    uv_close((uv_handle_t *)&signals->interrupt, NULL);
    uv_close((uv_handle_t *)&signals->hangup, NULL);
    uv_close((uv_handle_t *)&signals->watchdog, NULL);
}

static int run_worker(void *ctx, struct gateway_settings *settings, struct counters *workers,
                      struct limits_shared *limits, unsigned index, const int *listening)
{
    const struct gateway_config config = {.settings = settings,
                                          .workers = workers,
                                          .n_workers = (unsigned)settings->workers,
                                          .limits = limits,
                                          .index = index,
                                          .listening = listening};
    struct signals signals = {.settings = settings, .command = ctx};
    uv_loop_t loop;
    int code = 1;

    if (settings->security.tls && index == 0)
        log_info("certificate", LOG_TEXT("expires", tls_expiry(settings->security.tls)));
    if (uv_loop_init(&loop) < 0)
        return 1;
    struct gateway *gw = gateway_new(&loop, &config);
    if (gw) {
        start_signals(&loop, &signals, gw);
        notify("READY=1");
        log_info("serving", LOG_TEXT("listen", settings->addresses[0].text),
                 LOG_NUMBER("worker", index), LOG_NUMBER("pid", getpid()));
        code = gateway_run(gw);
        stop_signals(&signals);
        gateway_free(&gw);
        log_info("ended", LOG_NUMBER("worker", index));
    }
    uv_loop_close(&loop);
    if (index > 0 || settings->workers > 1)
        gateway_settings_free(settings); /* a forked worker's own copy */
    return code;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void help(void)
{
    printf("sluice-gateway %s - forwards Redis Pub/Sub streams to WebSocket clients\n\n"
           "usage: sluice-gateway [settings]\n\n"
           "Every setting is a flag, an environment variable, or a line of the settings file, in\n"
           "this order of precedence.\n\n",
           SLUICE_VERSION);
    settings_help(gateway_settings_table, gateway_settings_count, stdout);
    printf(
        "\n  --check                Say what of these settings, this machine and Redis would hurt,\n"
        "                         and end: 0, or 1 when it could not run\n"
        "  --help                 This text\n"
        "  --version              The version\n");
}

/* The flag is no setting, so it goes before they are read. */
static bool take_flag(int *argc, char **argv, const char *flag)
{
    if (!settings_wants(*argc, argv, flag))
        return false;
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], flag) != 0)
            continue;
        memmove(&argv[i], &argv[i + 1], (size_t)(*argc - i) * sizeof *argv);
        --*argc;
        break;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct gateway_settings settings;
    char error[SETTINGS_ERROR_MAX];

    signals_hold();
    if (settings_wants(argc, argv, "--help")) {
        help();
        return 0;
    }
    if (settings_wants(argc, argv, "--version")) {
        printf("sluice-gateway %s\n", SLUICE_VERSION);
        return 0;
    }
    bool check = take_flag(&argc, argv, "--check");
    if (gateway_settings_load(&settings, argc, argv, environ, error) < 0) {
        fprintf(stderr, "sluice-gateway: %s\n", error);
        return 2;
    }
    log_set_level((enum log_level)settings.log_level);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    if (check)
        signals_take(); /* to be killed does no harm here */
    int code = check ? doctor_run(&settings, stdout)
                     : workers_run(&settings, run_worker, &(struct command_line){argc, argv});
    gateway_settings_free(&settings);
    return code;
}
