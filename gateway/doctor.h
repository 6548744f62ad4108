/* doctor.h - `sluice-gateway --check`: what would hurt once it runs, told before it does.
 *
 * Each finding is one line, "ok", "warn" or "fail" and what it is about. Nothing is changed: ports
 * are opened and closed again, Redis is asked.
 */
#ifndef GATEWAY_DOCTOR_H
#define GATEWAY_DOCTOR_H

#include <stdio.h>

struct gateway_settings;

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct findings {
    FILE *out;
    unsigned count[VERDICT_FAIL + 1];
};

/* Everything. The process' exit code: 0, also with warnings; 1 when something failed. */
int doctor_run(const struct gateway_settings *settings, FILE *out);

/* Print one line and count it. about: the setting, or what else it is about. */
void doctor_tell(struct findings *f, enum verdict verdict, const char *about, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* The part that asks Redis; it takes a few seconds at most. */
void doctor_redis(struct findings *f, const struct gateway_settings *settings);

#endif
