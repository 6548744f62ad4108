/* nano_options.c - see nano_options.h.
 *
 * The document: "if empty options are supplied (see examples below), an empty filter will be used
 * and nothing will be broadcasted." The node takes empty options for no filter. So options without
 * a member are a filter by account that names none in the doc profile, and none in the node's. Of
 * votes the document says more: "If the result is an empty filter (for example, all given accounts
 * are invalid), then the filter is not used"; so both profiles pass them.
 */
#include "gateway/dialects/nano_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ALL_TYPES = NANO_QUORUM | NANO_HEIGHT | NANO_INACTIVE,
    KEY_HEAD = 4,    /* profile, topic, flags in two bytes */
    ENTRY_MAX = 256, /* bytes of an account written with escapes; longer is no account */
    KEYS_FIRST = 4,
    KEYS_FEW = 16,
};

static const char *const topic_names[NANO_TOPICS + 1] = {
    [NANO_CONFIRMATION] = "confirmation",
    [NANO_VOTE] = "vote",
    [NANO_STOPPED_ELECTION] = "stopped_election",
    [NANO_STARTED_ELECTION] = "started_election",
    [NANO_ACTIVE_DIFFICULTY] = "active_difficulty",
    [NANO_WORK] = "work",
    [NANO_TELEMETRY] = "telemetry",
    [NANO_NEW_UNCONFIRMED_BLOCK] = "new_unconfirmed_block",
    [NANO_BOOTSTRAP] = "bootstrap",
    [NANO_ACK] = "ack",
};

/* ---- topics --------------------------------------------------------------------------------- */

enum nano_topic nano_topic_of(struct json_value topic)
{
    for (int i = 0; i <= NANO_ACK; i++)
        if (nano_text_is(topic, topic_names[i]))
            return (enum nano_topic)i;
    return NANO_NO_TOPIC;
}

const char *nano_topic_name(enum nano_topic topic)
{
    return topic_names[topic];
}

/* ---- accounts ------------------------------------------------------------------------------- */

static bool read_account(struct json_value value, struct nano_key *key)
{
    char buf[ENTRY_MAX];
    const char *at;
    size_t len;

    if (json_string_plain(value, &at, &len))
        return nano_account_read(at, len, key) == 0;
    int n = json_decode(value, buf, sizeof buf);
    return n >= 0 && nano_account_read(buf, (size_t)n, key) == 0;
}

static int append_key(struct nano_options *o, const struct nano_key *key)
{
    if (o->n == o->cap) {
        uint32_t cap = o->cap ? o->cap * 2 : KEYS_FIRST;
        struct nano_key *bigger = realloc(o->keys, cap * sizeof *bigger);
        if (!bigger)
            return -ENOMEM;
        o->keys = bigger;
        o->cap = cap;
    }
    o->keys[o->n++] = *key;
    return 0;
}

bool nano_options_has(const struct nano_options *o, const struct nano_key *key)
{
    return o->n > 0 && bsearch(key, o->keys, o->n, sizeof *key, nano_key_compare);
}

static bool has_key(const struct nano_options *o, uint32_t n, const struct nano_key *key)
{
    return n > 0 && bsearch(key, o->keys, n, sizeof *key, nano_key_compare);
}

static void sort_all(struct nano_options *o)
{
    uint32_t kept = 0;

    qsort(o->keys, o->n, sizeof *o->keys, nano_key_compare);
    for (uint32_t i = 0; i < o->n; i++)
        if (kept == 0 || nano_key_compare(&o->keys[i], &o->keys[kept - 1]) != 0)
            o->keys[kept++] = o->keys[i];
    o->n = kept;
}

/* Put a key where it belongs among those that are sorted. */
static void insert_key(struct nano_options *o, const struct nano_key *key)
{
    uint32_t low = 0, high = o->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (nano_key_compare(&o->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < o->n && nano_key_compare(&o->keys[low], key) == 0)
        return;
    memmove(&o->keys[low + 1], &o->keys[low], (o->n - low) * sizeof *o->keys);
    o->keys[low] = *key;
    o->n++;
}

/* Sort again, once keys were appended to `before` sorted ones: often one to thousands. */
static void sort_keys(struct nano_options *o, uint32_t before)
{
    struct nano_key few[KEYS_FEW];
    uint32_t n = o->n - before;

    if (n > KEYS_FEW) {
        sort_all(o);
        return;
    }
    memcpy(few, o->keys + before, n * sizeof *few);
    o->n = before;
    for (uint32_t i = 0; i < n; i++)
        insert_key(o, &few[i]);
}

/* "Both prefixes are supported": see nano_account.h. What is no account is passed over. */
static int add_accounts(struct nano_options *o, struct json_value list, size_t limit,
                        size_t *ignored)
{
    struct json_iter it = json_iter(list, JSON_STRICT);
    uint32_t before = o->n;
    struct nano_key key;

    while (json_next(&it)) {
        if (!read_account(it.value, &key) || has_key(o, before, &key))
            continue;
        if (o->n >= limit)
            ++*ignored;
        else if (append_key(o, &key) < 0)
            return -ENOMEM;
    }
    if (o->n > before)
        sort_keys(o, before);
    return 0;
}

static int remove_accounts(struct nano_options *o, struct json_value list)
{
    struct nano_options gone = {0};
    size_t ignored = 0;
    uint32_t kept = 0;
    int err = add_accounts(&gone, list, SIZE_MAX, &ignored);

    for (uint32_t i = 0; !err && i < o->n; i++)
        if (!nano_options_has(&gone, &o->keys[i]))
            o->keys[kept++] = o->keys[i];
    if (!err)
        o->n = kept;
    nano_options_fini(&gone);
    return err;
}

/* ---- options -------------------------------------------------------------------------------- */

static bool is_empty(struct json_value options)
{
    struct json_iter it = json_iter(options, JSON_STRICT);

    return !json_next(&it);
}

static unsigned read_types(struct json_value type)
{
    static const struct {
        const char *name;
        unsigned types;
    } known[] = {
        {"active", NANO_QUORUM | NANO_HEIGHT},
        {"active_quorum", NANO_QUORUM},
        {"active_confirmation_height", NANO_HEIGHT},
        {"inactive", NANO_INACTIVE},
    };
    char buf[NANO_SCALAR_MAX];

    nano_scalar(type, buf);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(buf, known[i].name) == 0)
            return known[i].types;
    return ALL_TYPES;
}

static unsigned read_flags(struct json_value options, const char *const names[],
                           const unsigned flags[], size_t n)
{
    unsigned all = 0;

    for (size_t i = 0; i < n; i++)
        if (nano_bool(json_member(options, names[i], JSON_STRICT), flags[i] == NANO_BLOCK))
            all |= flags[i];
    return all;
}

/* "When all_local_accounts is set to true, blocks that mention accounts in any wallet will be
 * broadcasted." To the node its presence alone is a filter by account. */
static unsigned read_local(struct json_value local)
{
    bool yes = nano_bool(local, false);

    if (yes != nano_bool(local, true))
        return 0; /* can't be read: as if it were not there */
    return NANO_BY_ACCOUNT | (yes ? NANO_LOCAL : 0);
}

static int read_confirmation(struct nano_options *o, struct json_value options, size_t limit,
                             size_t *ignored)
{
    static const char *const names[] = {"include_block", "include_election_info",
                                        "include_election_info_with_votes", "include_sideband_info",
                                        "include_linked_account"};
    static const unsigned flags[] = {NANO_BLOCK, NANO_ELECTION, NANO_VOTES, NANO_SIDEBAND,
                                     NANO_LINKED};
    struct json_value accounts = json_member(options, "accounts", JSON_STRICT);
    unsigned all = read_flags(options, names, flags, sizeof flags / sizeof *flags);

    all |= read_types(json_member(options, "confirmation_type", JSON_STRICT));
    all |= read_local(json_member(options, "all_local_accounts", JSON_STRICT));
    if (accounts.kind != JSON_NONE || (o->profile == PROFILE_DOC && is_empty(options)))
        all |= NANO_BY_ACCOUNT;
    o->flags |= (uint16_t)all;
    return add_accounts(o, accounts, limit, ignored);
}

static int read_vote(struct nano_options *o, struct json_value options, size_t limit,
                     size_t *ignored)
{
    static const char *const names[] = {"include_replays", "include_indeterminate"};
    static const unsigned flags[] = {NANO_REPLAYS, NANO_INDETERMINATE};

    o->flags |= (uint16_t)read_flags(options, names, flags, 2);
    return add_accounts(o, json_member(options, "representatives", JSON_STRICT), limit, ignored);
}

int nano_options_read(struct nano_options *o, enum nano_topic topic, enum profile profile,
                      struct json_value options, size_t limit, size_t *ignored)
{
    *o = (struct nano_options){.profile = (uint8_t)profile, .topic = (uint8_t)topic};
    *ignored = 0;
    if (topic != NANO_CONFIRMATION && topic != NANO_VOTE)
        return 0; /* "No filters are currently available" */
    if (options.kind == JSON_NONE) {
        o->flags = topic == NANO_CONFIRMATION ? NANO_BLOCK | ALL_TYPES : 0;
        return 0;
    }
    o->flags = NANO_GIVEN;
    return topic == NANO_CONFIRMATION ? read_confirmation(o, options, limit, ignored)
                                      : read_vote(o, options, limit, ignored);
}

static int copy_keys(struct nano_options *o, const struct nano_options *from)
{
    uint32_t cap = from->n + KEYS_FEW;

    o->keys = malloc(cap * sizeof *o->keys);
    if (!o->keys)
        return -ENOMEM;
    if (from->n > 0)
        memcpy(o->keys, from->keys, from->n * sizeof *o->keys);
    o->n = from->n;
    o->cap = cap;
    return 0;
}

int nano_options_update(struct nano_options *o, const struct nano_options *old,
                        struct json_value options, size_t limit, size_t *ignored)
{
    struct json_value add = json_member(options, "accounts_add", JSON_STRICT);
    struct json_value del = json_member(options, "accounts_del", JSON_STRICT);

    *o = *old;
    o->cap = o->n = 0;
    o->keys = NULL;
    *ignored = 0;
    if (copy_keys(o, old) < 0)
        return -ENOMEM;
    if (add.kind != JSON_NONE || del.kind != JSON_NONE)
        o->flags |= NANO_BY_ACCOUNT;
    int err = add_accounts(o, add, limit, ignored);
    return err ? err : remove_accounts(o, del);
}

void nano_options_fini(struct nano_options *o)
{
    free(o->keys);
    o->keys = NULL;
    o->n = o->cap = 0;
}

/* ---- the key -------------------------------------------------------------------------------- */

void nano_options_key(const struct nano_options *o, uint64_t number, struct text *key)
{
    bool own = o->n > NANO_SHARED_MAX;
    unsigned flags = o->flags | (own ? NANO_OWN : 0);
    const char head[KEY_HEAD] = {(char)o->profile, (char)o->topic, (char)(flags & 0xff),
                                 (char)(flags >> 8)};

    text_add_bytes(key, head, sizeof head);
    if (own)
        text_add_bytes(key, (const char *)&number, sizeof number);
    else if (o->n > 0)
        text_add_bytes(key, (const char *)o->keys, o->n * sizeof *o->keys);
}

void nano_options_of_key(struct nano_options *o, const char *key, size_t len)
{
    const unsigned char *head = (const unsigned char *)key;

    *o = (struct nano_options){
        .profile = head[0], .topic = head[1], .flags = (uint16_t)(head[2] | head[3] << 8)};
    if (o->flags & NANO_OWN)
        return;
    o->n = (uint32_t)((len - KEY_HEAD) / sizeof *o->keys);
    o->keys = (struct nano_key *)(void *)(uintptr_t)(key + KEY_HEAD);
}
