/* main.c - sluice-publisher: events in, Redis Pub/Sub out. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/signals.h"
#include "publisher/demand_list.h"
#include "publisher/service.h"

enum { EXIT_SUPERSEDED = 1, EXIT_SETTINGS = 2 };

static void print_help(void)
{
    printf(
        "Usage: sluice-publisher --source SOURCE ... [settings]\n\n"
        "Turns events into Redis Pub/Sub messages, one channel per stream. A source's line is\n"
        "{\"stream\":NAME,\"data\":...} (optional: \"time\" in Unix ms, \"tag\", \"class\"), or\n"
        "{\"source\":\"exchange\",\"message\":...}: what a server of that kind sent.\n\n"
        "Settings (flag, environment, settings file, default: the first that is given):\n");
    settings_help(publisher_settings_table, publisher_settings_count, stdout);
    printf(
        "  --help                   This text\n"
        "  --version                The version\n\n"
        "It ends with 0 when all its sources have ended and Redis has acknowledged every event,\n"
        "and on SIGTERM; with 1 when another publisher writes the same streams; with 2 when a\n"
        "setting is wrong.\n");
}

int main(int argc, char **argv)
{
    struct publisher_settings settings;
    char error[SETTINGS_ERROR_MAX];

    signals_hold();
    if (settings_wants(argc, argv, "--help")) {
        print_help();
        return 0;
    }
    if (settings_wants(argc, argv, "--version")) {
        printf("sluice-publisher %s\n", SLUICE_VERSION);
        return 0;
    }
    signal(SIGPIPE, SIG_IGN); /* a log that nobody reads must not end us */
    int err = publisher_settings_load(&settings, argc, argv, environ, error);
    if (!err) {
        log_set_level((enum log_level)settings.log_level);
        err = settings.demand ? demand_list_run(&settings, stdout, error)
                              : service_run(&settings, error);
        publisher_settings_free(&settings);
    }
    if (err)
        fprintf(stderr, "sluice-publisher: %s\n", error);
    return err == -ESTALE ? EXIT_SUPERSEDED : err ? EXIT_SETTINGS : 0;
}
