/* limits.c - see limits.h. */
#include "gateway/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "common/list.h"
#include "common/table.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/rate.h"

struct limits_shared {
    size_t size;
    unsigned n_workers;
    uint64_t key[2];
    uint32_t places[][LIMITS_PLACES]; /* of each worker, who alone writes there */
};

struct party {
    struct table_node node;
    struct address who;
    uint32_t n; /* connections at this worker */
    struct rate handshakes;
    struct list in_idle; /* while n is 0 */
};

struct limits {
    const struct gateway_settings *settings;
    struct limits_shared *shared;
    const struct counters *workers;
    unsigned n_workers, index;
    struct table parties;
    struct list idle; /* the one that has been idle for longest comes first */
    size_t n_idle;
    struct rate handshakes;
};

struct limits_shared *limits_shared_new(unsigned n_workers)
{
    size_t size = sizeof(struct limits_shared) + n_workers * sizeof(uint32_t[LIMITS_PLACES]);
    struct limits_shared *s =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (s == MAP_FAILED)
        return NULL;
    s->size = size;
    s->n_workers = n_workers;
    if (getrandom(s->key, sizeof s->key, GRND_NONBLOCK) != (ssize_t)sizeof s->key)
        s->key[0] = (uint64_t)(uintptr_t)s; /* never seen on Linux */
    return s;
}

void limits_shared_forget(struct limits_shared *s, unsigned worker)
{
    memset(s->places[worker], 0, sizeof s->places[worker]);
}

void limits_shared_free(struct limits_shared **sp)
{
    struct limits_shared *s = *sp;

    *sp = NULL;
    if (s)
        munmap(s, s->size);
}

struct limits *limits_new(const struct gateway_settings *settings, struct limits_shared *shared,
                          const struct counters *workers, unsigned n_workers, unsigned index)
{
    struct limits *l = calloc(1, sizeof *l);

    if (!l || table_init(&l->parties) < 0) {
        free(l);
        return NULL;
    }
    memcpy(l->parties.key, shared->key, sizeof shared->key); /* one hash at all workers */
    l->settings = settings;
    l->shared = shared;
    l->workers = workers;
    l->n_workers = n_workers;
    l->index = index;
    list_init(&l->idle);
    return l;
}

/* ---- parties -------------------------------------------------------------------------------- */

static void party_free(struct limits *l, struct party *p)
{
    list_remove(&p->in_idle);
    table_remove(&l->parties, &p->node);
    free(p);
}

void limits_free(struct limits **lp)
{
    struct limits *l = *lp;

    *lp = NULL;
    if (!l)
        return;
    while (!list_empty(&l->idle))
        party_free(l, list_first(&l->idle, struct party, in_idle));
    table_fini(&l->parties);
    free(l);
}

static struct party *find(const struct limits *l, const struct address *who, uint64_t hash)
{
    table_each_match(node, &l->parties, hash)
    {
        struct party *p = table_entry(node, struct party, node);
        if (memcmp(&p->who, who, sizeof *who) == 0)
            return p;
    }
    return NULL;
}

static void set_connections(struct limits *l, struct party *p, uint32_t n)
{
    uint32_t *place = &l->shared->places[l->index][p->node.hash % LIMITS_PLACES];

    __atomic_store_n(place, *place + n - p->n, __ATOMIC_RELAXED);
    p->n = n;
}

static struct party *enter(struct limits *l, const struct address *of)
{
    uint64_t hash = table_hash(&l->parties, of, sizeof *of);
    struct party *p = find(l, of, hash);

    if (!p) {
        if (!(p = calloc(1, sizeof *p)))
            return NULL;
        p->who = *of;
        list_init(&p->in_idle);
        table_insert(&l->parties, &p->node, hash);
    } else if (p->n == 0) {
        list_remove(&p->in_idle);
        l->n_idle--;
    }
    set_connections(l, p, p->n + 1);
    return p;
}

struct party *limits_enter(struct limits *l, const struct address *who)
{
    struct address of = address_party(who);

    return enter(l, &of);
}

/* The sum of a key cannot be told from an address, and no address can be chosen to be one. */
struct party *limits_enter_key(struct limits *l, const unsigned char key[16])
{
    struct address of;

    memcpy(of.bytes, key, sizeof of.bytes);
    return enter(l, &of);
}

void limits_leave(struct limits *l, struct party **pp)
{
    struct party *p = *pp;

    *pp = NULL;
    if (!p)
        return;
    set_connections(l, p, p->n - 1);
    if (p->n > 0)
        return;
    list_append(&l->idle, &p->in_idle);
    if (++l->n_idle > PARTIES_IDLE_MAX) {
        party_free(l, list_first(&l->idle, struct party, in_idle));
        l->n_idle--;
    }
}

uint64_t limits_count(const struct limits *l, const struct party *p)
{
    uint64_t n = p->n;

    for (unsigned i = 0; i < l->n_workers; i++)
        if (i != l->index)
            n += __atomic_load_n(&l->shared->places[i][p->node.hash % LIMITS_PLACES],
                                 __ATOMIC_RELAXED);
    return n;
}

/* ---- verdicts ------------------------------------------------------------------------------- */

static uint64_t connections(const struct limits *l)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < l->n_workers; i++)
        n += __atomic_load_n(&l->workers[i].connections, __ATOMIC_RELAXED);
    return n;
}

static bool over(uint64_t n, uint64_t limit, uint64_t margin)
{
    return limit > 0 && n > limit + margin;
}

bool limits_flooded(const struct limits *l, const struct party *party)
{
    const struct security_settings *s = &l->settings->security;

    return over(connections(l), s->max_connections, FLOOD_MARGIN) ||
           (party && address_known(&party->who) &&
            over(limits_count(l, party), s->max_connections_per_address, FLOOD_MARGIN));
}

/* The kernel spreads connections evenly over the workers. */
static uint64_t share(const struct limits *l, uint64_t rate)
{
    return (rate + l->n_workers - 1) / l->n_workers;
}

void limits_charge(struct limits *l, struct party *party, uint64_t now_ms)
{
    uint64_t rate = share(l, l->settings->security.handshake_rate_per_address);
    unsigned taken = 0;

    while (taken < WRONG_TOKEN_COST && rate_take(&party->handshakes, now_ms, rate, 1))
        taken++;
}

enum refusal limits_handshake(struct limits *l, struct party *party, uint64_t now_ms)
{
    const struct security_settings *s = &l->settings->security;

    if (over(connections(l), s->max_connections, 0))
        return REFUSAL_connections;
    bool known = address_known(&party->who); /* over a Unix socket all have none */
    if (known && over(limits_count(l, party), s->max_connections_per_address, 0))
        return REFUSAL_address_connections;
    if (known && !rate_take(&party->handshakes, now_ms, share(l, s->handshake_rate_per_address), 1))
        return REFUSAL_address_handshakes;
    if (!rate_take(&l->handshakes, now_ms, share(l, s->handshake_rate), 1))
        return REFUSAL_handshakes;
    return REFUSAL_none;
}
