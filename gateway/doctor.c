/* doctor.c - see doctor.h. */
#include "gateway/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/gateway_settings.h"

enum {
    CERTIFICATE_DAYS = 14,   /* fewer are a warning */
    PROXIES_CUT_MS = 55000,  /* most proxies end what is silent for a minute */
    DESCRIPTORS_FEW = 10000, /* a limit below it is a warning */
    DESCRIPTORS_OURS = 64,   /* those that are no client's */
};

void doctor_tell(struct findings *f, enum verdict verdict, const char *about, const char *format,
                 ...)
{
    static const char *const words[] = {"ok", "warn", "fail"};
    va_list args;

    f->count[verdict]++;
    fprintf(f->out, "%-4s  %s: ", words[verdict], about);
    va_start(args, format);
    vfprintf(f->out, format, args);
    va_end(args);
    fputc('\n', f->out);
}

/* ---- where clients connect ------------------------------------------------------------------ */

static bool is_loopback(const struct listen_address *a)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)&a->address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&a->address;

    if (a->address.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return a->address.ss_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* A socket that shares no port shows whether somebody is there already. For a Unix socket only an
 * attempt to connect does, since to listen there would replace a stale one. */
static int try_alone(const struct listen_address *a)
{
    const struct sockaddr *where = (const struct sockaddr *)&a->address;
    int fd = socket(a->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, err = 0;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->address.ss_family == AF_UNIX)
        err = connect(fd, where, a->address_len) == 0 ? -EADDRINUSE : 0;
    else if (bind(fd, where, a->address_len) < 0 || listen(fd, 1) < 0)
        err = -errno;
    close(fd);
    return err;
}

static void check_address(struct findings *f, const struct listen_address *a)
{
    int err = try_alone(a);

    if (err == -EADDRINUSE && a->address.ss_family != AF_UNIX) {
        int fd = listen_address_open(a);
        if (fd >= 0) {
            close(fd);
            doctor_tell(f, VERDICT_WARN, "listen",
                        "a gateway of this user listens on %s already; the two would share the "
                        "connections",
                        a->text);
            return;
        }
    }
    if (err)
        doctor_tell(f, VERDICT_FAIL, "listen", "cannot listen on %s: %s", a->text, strerror(-err));
    else
        doctor_tell(f, VERDICT_OK, "listen", "%s%s", a->text,
                    a->tls == LISTEN_TLS_ON ? ", with TLS" : "");
}

static void check_addresses(struct findings *f, const struct gateway_settings *s)
{
    for (unsigned i = 0; i < s->n_addresses; i++) {
        const struct listen_address *a = &s->addresses[i];
        check_address(f, a);
        if (a->tls != LISTEN_TLS_ON && !is_loopback(a) && s->security.trusted_proxies.n == 0)
            doctor_tell(f, VERDICT_WARN, "tls-cert",
                        "%s is open to the network without TLS; give tls-cert, or trusted-proxies "
                        "when a proxy before it has TLS",
                        a->text);
    }
}

/* ---- certificates --------------------------------------------------------------------------- */

/* That it is valid today was found when the settings were read. */
static void check_certificate(struct findings *f, const char *path)
{
    FILE *file = *path ? fopen(path, "re") : NULL;
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    int days = 0, seconds = 0;

    if (certificate && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)))
        doctor_tell(f, days < CERTIFICATE_DAYS ? VERDICT_WARN : VERDICT_OK, "tls-cert",
                    "%s is valid for another %d days%s", path, days,
                    days < CERTIFICATE_DAYS ? "; renew it, then SIGHUP" : "");
    X509_free(certificate);
    if (file)
        fclose(file);
}

/* ---- what the machine allows ---------------------------------------------------------------- */

static void check_descriptors(struct findings *f, const struct gateway_settings *s)
{
    struct rlimit limit;
    uint64_t wanted = s->security.max_connections / s->workers;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    uint64_t clients = limit.rlim_max > DESCRIPTORS_OURS ? limit.rlim_max - DESCRIPTORS_OURS : 0;
    if (wanted > clients)
        doctor_tell(f, VERDICT_FAIL, "max-connections",
                    "%" PRIu64 " a worker, but ulimit -Hn allows %" PRIu64
                    "; raise LimitNOFILE or lower it",
                    wanted, clients);
    else
        doctor_tell(f, clients < DESCRIPTORS_FEW ? VERDICT_WARN : VERDICT_OK, "descriptors",
                    "room for %" PRIu64 " clients a worker (ulimit -Hn)%s", clients,
                    clients < DESCRIPTORS_FEW ? "; raise LimitNOFILE" : "");
}

static void check_machine(struct findings *f, const struct gateway_settings *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

    if (cores > 0 && s->workers > (uint64_t)cores)
        doctor_tell(f, VERDICT_WARN, "workers", "%" PRIu64 " workers, but %ld cores", s->workers,
                    cores);
    if (s->workers * s->queue_budget > memory / 2)
        doctor_tell(f, VERDICT_WARN, "queue-budget",
                    "all workers' queues together may take %" PRIu64 " MiB of %" PRIu64
                    " MiB of memory",
                    (s->workers * s->queue_budget) >> 20, memory >> 20);
    check_descriptors(f, s);
}

/* ---- settings that do not go together ------------------------------------------------------- */

static void check_settings(struct findings *f, const struct gateway_settings *s)
{
    const struct security_settings *sec = &s->security;
    unsigned before = f->count[VERDICT_WARN];

    if (s->ping_interval_ms > PROXIES_CUT_MS)
        doctor_tell(f, VERDICT_WARN, "ping-interval",
                    "%" PRIu64 " s: many proxies end connections that are silent for 60 s",
                    s->ping_interval_ms / 1000);
    if (s->queue_bytes > s->queue_budget)
        doctor_tell(f, VERDICT_WARN, "queue-bytes",
                    "one client's queue may be larger than queue-budget, that of all");
    if (sec->origin_missing == ORIGIN_MISSING_REFUSE && sec->origins.n == 0)
        doctor_tell(f, VERDICT_WARN, "origin-missing", "does nothing without origins");
    if (sec->max_connections && sec->max_connections_per_address > sec->max_connections)
        doctor_tell(f, VERDICT_WARN, "max-connections-per-address",
                    "is above max-connections: one address may take all");
    if (f->count[VERDICT_WARN] == before)
        doctor_tell(f, VERDICT_OK, "settings", "they go together");
}

int doctor_run(const struct gateway_settings *s, FILE *out)
{
    struct findings f = {.out = out};

    check_settings(&f, s);
    check_addresses(&f, s);
    check_certificate(&f, s->security.tls_cert);
    check_machine(&f, s);
    doctor_redis(&f, s);
    fprintf(out, "%u ok, %u to look at, %u that would fail\n", f.count[VERDICT_OK],
            f.count[VERDICT_WARN], f.count[VERDICT_FAIL]);
    return f.count[VERDICT_FAIL] > 0;
}
