/* zilliqa_wishes.c - see zilliqa_wishes.h. */
#include "publisher/sources/zilliqa_wishes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/list.h"
#include "common/log.h"
#include "common/text.h"

enum { TIDY_MS = 600 * 1000, HEX_TEXT = ZILLIQA_ADDRESS_HEX + 1 };

static const char *const starts[ZILLIQA_WISHES] = {"zilliqa.EventLog.", "zilliqa.TxnLog."};
static const char no_contract[] = "no contract found in list";

enum nature { UNKNOWN, CONTRACT, NONE };

struct entry {
    struct table_node node;
    struct zilliqa_address address;
    enum nature nature;
    unsigned wanted[ZILLIQA_WISHES]; /* by options and listeners */
    bool asked[ZILLIQA_WISHES];      /* on this connection */
    bool probing;                    /* a request under way points here */
    uint64_t again_ms;               /* NONE: when that is to be asked again */
    struct list pending[ZILLIQA_WISHES];
};

enum request_kind { BLOCKS, PROBE, EVENTS, TRANSACTIONS };

static const char *const request_names[] = {"NewBlock", "EventLog", "EventLog", "TxnLog"};

struct request {
    struct list at;
    enum request_kind kind;
    struct entry *entry; /* PROBE */
    uint64_t sent_ms;
};

/* ---- the entries ----------------------------------------------------------------------------- */

static struct entry *find(const struct zilliqa_wishes *w, const struct zilliqa_address *address)
{
    table_each_match(node, &w->entries, table_hash(&w->entries, address, sizeof *address))
    {
        struct entry *e = table_entry(node, struct entry, node);
        if (memcmp(&e->address, address, sizeof *address) == 0)
            return e;
    }
    return NULL;
}

static struct entry *entry_of(struct zilliqa_wishes *w, const struct zilliqa_address *address)
{
    struct entry *e = find(w, address);

    if (e || !(e = calloc(1, sizeof *e)))
        return e;
    e->address = *address;
    list_init(&e->pending[ZILLIQA_EVENTS]);
    list_init(&e->pending[ZILLIQA_TRANSACTIONS]);
    table_insert(&w->entries, &e->node, table_hash(&w->entries, address, sizeof *address));
    return e;
}

static void forget_unwanted(struct zilliqa_wishes *w, struct entry *e)
{
    if (e->wanted[ZILLIQA_EVENTS] || e->wanted[ZILLIQA_TRANSACTIONS] || e->probing)
        return;
    list_remove(&e->pending[ZILLIQA_EVENTS]);
    list_remove(&e->pending[ZILLIQA_TRANSACTIONS]);
    table_remove(&w->entries, &e->node);
    free(e);
}

/* Put it where it will be asked about, if there is anything to ask. */
static void enlist(struct zilliqa_wishes *w, struct entry *e, enum zilliqa_wish wish)
{
    list_remove(&e->pending[wish]);
    if (!e->wanted[wish] || e->asked[wish])
        return;
    if (wish == ZILLIQA_TRANSACTIONS)
        list_append(&w->wallets, &e->pending[wish]);
    else if (e->nature == CONTRACT)
        list_append(&w->contracts, &e->pending[wish]);
    else if (e->nature == UNKNOWN && !e->probing)
        list_append(&w->probes, &e->pending[wish]);
}

/* ---- requests -------------------------------------------------------------------------------- */

static struct request *expect_answer(struct zilliqa_wishes *w, enum request_kind kind)
{
    struct request *r = calloc(1, sizeof *r);

    if (!r)
        return NULL; /* asked again when the next answer comes, or at the next connection */
    r->kind = kind;
    r->sent_ms = w->now_ms;
    list_append(&w->unanswered, &r->at);
    w->n_unanswered++;
    return r;
}

static void say(struct zilliqa_wishes *w, struct text *t)
{
    if (!t->failed)
        w->request(w->ctx, t->at, t->len);
    text_free(t);
}

static void add_address(struct zilliqa_wishes *w, struct text *t, struct entry *e,
                        enum zilliqa_wish wish, bool first)
{
    char hex[ZILLIQA_ADDRESS_HEX];

    zilliqa_address_write(&e->address, hex);
    text_add(t, "%s\"0x%.*s\"", first ? "" : ",", ZILLIQA_ADDRESS_HEX, hex);
    list_remove(&e->pending[wish]);
    e->asked[wish] = true;
    w->asked++;
}

static void ask_about(struct zilliqa_wishes *w, struct list *pending, enum zilliqa_wish wish,
                      enum request_kind kind)
{
    struct request *r = expect_answer(w, kind);
    struct text t = {0};

    if (!r)
        return;
    text_add(&t, "{\"query\":\"%s\",\"addresses\":[", request_names[kind]);
    for (unsigned n = 0; n < (kind == PROBE ? 1 : ZILLIQA_REQUEST_ADDRESSES); n++) {
        if (list_empty(pending))
            break;
        struct entry *e = list_entry(pending->next, struct entry, pending[wish]);
        add_address(w, &t, e, wish, n == 0);
        if (kind != PROBE)
            continue;
        r->entry = e;
        e->probing = true;
    }
    text_add(&t, "]}");
    say(w, &t);
}

static void pump(struct zilliqa_wishes *w)
{
    while (w->live && w->n_unanswered < ZILLIQA_UNANSWERED_MAX) {
        unsigned before = w->n_unanswered;
        if (!list_empty(&w->contracts))
            ask_about(w, &w->contracts, ZILLIQA_EVENTS, EVENTS);
        else if (!list_empty(&w->wallets))
            ask_about(w, &w->wallets, ZILLIQA_TRANSACTIONS, TRANSACTIONS);
        else if (!list_empty(&w->probes))
            ask_about(w, &w->probes, ZILLIQA_EVENTS, PROBE);
        if (w->n_unanswered == before)
            return;
    }
}

static void end_request(struct zilliqa_wishes *w, struct request *r)
{
    struct entry *e = r->entry;

    list_remove(&r->at);
    w->n_unanswered--;
    free(r);
    if (!e)
        return;
    e->probing = false;
    forget_unwanted(w, e);
}

static void end_requests(struct zilliqa_wishes *w)
{
    while (!list_empty(&w->unanswered))
        end_request(w, list_first(&w->unanswered, struct request, at));
}

/* ---- what is found out ----------------------------------------------------------------------- */

static uint64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void tell(struct zilliqa_wishes *w, const struct entry *e)
{
    char hex[HEX_TEXT] = "", until[24], seconds[16];
    const char *const none[] = {"ZADD", "zilliqa.noncontract", until, hex};
    const char *const not_none[] = {"ZREM", "zilliqa.noncontract", hex};
    const char *const contract[] = {"SADD", "zilliqa.contract", hex};
    const char *const expire[] = {"EXPIRE", "zilliqa.contract", seconds};

    if (!w->demand)
        return;
    zilliqa_address_write(&e->address, hex);
    snprintf(until, sizeof until, "%" PRIu64, unix_ms() + ZILLIQA_KNOWN_MS);
    snprintf(seconds, sizeof seconds, "%d", ZILLIQA_KNOWN_MS / 1000);
    if (e->nature == NONE) {
        demand_tell(w->demand, 4, none);
        return;
    }
    demand_tell(w->demand, 3, not_none);
    demand_tell(w->demand, 3, contract);
    demand_tell(w->demand, 3, expire);
}

static void find_out(struct zilliqa_wishes *w, struct entry *e, enum nature nature)
{
    e->nature = nature;
    e->again_ms = nature == NONE ? w->now_ms + ZILLIQA_KNOWN_MS : 0;
    if (nature == NONE && e->asked[ZILLIQA_EVENTS]) {
        e->asked[ZILLIQA_EVENTS] = false;
        w->asked--;
        if (!e->wanted[ZILLIQA_EVENTS])
            w->left--;
    }
    if (nature != UNKNOWN)
        tell(w, e);
}

const char *zilliqa_wishes_answer(struct zilliqa_wishes *w, const char *error, size_t len,
                                  uint64_t now_ms)
{
    const char *refused = NULL;

    w->now_ms = now_ms;
    if (list_empty(&w->unanswered))
        return error ? "nothing that it has not answered yet" : NULL;
    struct request *r = list_first(&w->unanswered, struct request, at);
    bool none = error && len == sizeof no_contract - 1 && memcmp(error, no_contract, len) == 0;
    if (r->entry && (none || !error))
        find_out(w, r->entry, none ? NONE : CONTRACT);
    else if (error)
        refused = request_names[r->kind];
    end_request(w, r);
    pump(w);
    return refused;
}

/* What is wanted still is said again before Redis forgets it, and what was no contract asked. */
static void tidy(struct zilliqa_wishes *w)
{
    char now[24];
    const char *const expired[] = {"ZREMRANGEBYSCORE", "zilliqa.noncontract", "-inf", now};

    snprintf(now, sizeof now, "%" PRIu64, unix_ms());
    if (w->demand)
        demand_tell(w->demand, 4, expired);
    for (struct table_node *node = table_next(&w->entries, NULL); node;
         node = table_next(&w->entries, node)) {
        struct entry *e = table_entry(node, struct entry, node);
        if (e->nature == CONTRACT)
            tell(w, e);
        if (e->nature != NONE || w->now_ms < e->again_ms)
            continue;
        e->nature = UNKNOWN;
        enlist(w, e, ZILLIQA_EVENTS);
    }
}

/* ---- wishes ---------------------------------------------------------------------------------- */

int zilliqa_wishes_add(struct zilliqa_wishes *w, enum zilliqa_wish wish,
                       const struct zilliqa_address *address)
{
    struct entry *e = entry_of(w, address);

    if (!e)
        return -ENOMEM;
    if (e->wanted[wish]++ > 0)
        return 0;
    if (e->asked[wish] && w->left > 0)
        w->left--; /* the other kind of wish kept it here */
    enlist(w, e, wish);
    pump(w);
    return 0;
}

void zilliqa_wishes_remove(struct zilliqa_wishes *w, enum zilliqa_wish wish,
                           const struct zilliqa_address *address)
{
    struct entry *e = find(w, address);

    if (!e || e->wanted[wish] == 0 || --e->wanted[wish] > 0)
        return;
    if (e->asked[wish])
        w->left++;
    list_remove(&e->pending[wish]);
    forget_unwanted(w, e);
}

static void on_stream(struct zilliqa_wishes *w, const char *stream, size_t len, bool wanted)
{
    struct zilliqa_address address;

    for (int wish = 0; wish < ZILLIQA_WISHES; wish++) {
        size_t start = strlen(starts[wish]);
        if (len <= start || memcmp(stream, starts[wish], start) != 0 ||
            !zilliqa_address_read(stream + start, len - start, &address))
            continue;
        if (!wanted)
            zilliqa_wishes_remove(w, (enum zilliqa_wish)wish, &address);
        else if (zilliqa_wishes_add(w, (enum zilliqa_wish)wish, &address) < 0)
            log_error("out of memory: an address is not asked about");
    }
}

static void on_appeared(void *ctx, const char *stream, size_t len)
{
    on_stream(ctx, stream, len, true);
}

static void on_left(void *ctx, const char *stream, size_t len)
{
    on_stream(ctx, stream, len, false);
}

/* ---- the connection -------------------------------------------------------------------------- */

void zilliqa_wishes_begin(struct zilliqa_wishes *w, uint64_t now_ms)
{
    struct text t = {0};

    w->now_ms = now_ms;
    w->live = true;
    if (!w->tidy_ms)
        w->tidy_ms = now_ms;
    if (expect_answer(w, BLOCKS)) {
        text_add(&t, "{\"query\":\"NewBlock\"}");
        say(w, &t);
    }
    pump(w);
}

void zilliqa_wishes_lost(struct zilliqa_wishes *w)
{
    w->live = false;
    end_requests(w);
    w->asked = w->left = 0;
    for (struct table_node *node = table_next(&w->entries, NULL); node;
         node = table_next(&w->entries, node)) {
        struct entry *e = table_entry(node, struct entry, node);
        for (int wish = 0; wish < ZILLIQA_WISHES; wish++) {
            e->asked[wish] = false;
            enlist(w, e, (enum zilliqa_wish)wish);
        }
    }
}

void zilliqa_wishes_tick(struct zilliqa_wishes *w, uint64_t now_ms)
{
    w->now_ms = now_ms;
    if (!list_empty(&w->unanswered) &&
        now_ms - list_first(&w->unanswered, struct request, at)->sent_ms >= ZILLIQA_ANSWER_MS) {
        log_warn("a Zilliqa server does not answer; its answers are no longer waited for",
                 LOG_NUMBER("requests", w->n_unanswered));
        end_requests(w);
    }
    if (now_ms - w->tidy_ms >= TIDY_MS) {
        w->tidy_ms = now_ms;
        tidy(w);
    }
    pump(w);
}

bool zilliqa_wishes_outgrown(const struct zilliqa_wishes *w)
{
    return w->left * 2 > w->asked;
}

/* ---- life ------------------------------------------------------------------------------------ */

int zilliqa_wishes_init(struct zilliqa_wishes *w, struct demand *demand,
                        zilliqa_request_fn *request, void *ctx)
{
    *w = (struct zilliqa_wishes){.demand = demand, .ctx = ctx};
    if (table_init(&w->entries) < 0)
        return -ENOMEM;
    w->request = request;
    list_init(&w->probes);
    list_init(&w->contracts);
    list_init(&w->wallets);
    list_init(&w->unanswered);
    return 0;
}

void zilliqa_wishes_start(struct zilliqa_wishes *w)
{
    for (int wish = 0; wish < ZILLIQA_WISHES && w->demand; wish++) {
        w->watches[wish] = (struct demand_watch){
            .start = starts[wish], .appeared = on_appeared, .left = on_left, .ctx = w};
        demand_watch(w->demand, &w->watches[wish]);
    }
}

void zilliqa_wishes_fini(struct zilliqa_wishes *w)
{
    if (!w->request)
        return;
    for (int wish = 0; wish < ZILLIQA_WISHES; wish++)
        demand_unwatch(&w->watches[wish]);
    end_requests(w);
    for (struct table_node *node = table_next(&w->entries, NULL), *next; node; node = next) {
        next = table_next(&w->entries, node);
        free(table_entry(node, struct entry, node));
    }
    table_fini(&w->entries);
}
