/* injective_filter.c - see injective_filter.h.
 *
 * The key: one byte for the profile; then for each type that was given its number, what it matches,
 * and the lists that this needs, each as their number and each value as its length and its bytes.
 */
#include "gateway/dialects/injective_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dialects/injective_rpc.h"

/* What a type matches, in the key. */
enum { KEY_NOTHING, KEY_ALL, KEY_FIRST, KEY_SECOND, KEY_BOTH };

/* A list as it is read. */
struct reading {
    bool any;
    struct span *values;
    size_t n;
    char *bytes;
};

/* ---- the request ----------------------------------------------------------------------------- */

static void forget(struct reading *r)
{
    free(r->values);
    free(r->bytes);
    *r = (struct reading){0};
}

static size_t count(struct json_value array)
{
    struct json_iter it = json_iter(array, RPC_JSON);
    size_t n = 0;

    while (json_next(&it))
        n++;
    return n;
}

/* 0, or -EBADMSG having answered: a list of texts, or null for the empty text among them. */
static int check_list(struct json_value list, const struct rpc_id *id, struct text *answer)
{
    struct json_iter it = json_iter(list, RPC_JSON);

    if (list.kind != JSON_ARRAY && list.kind != JSON_NULL && list.kind != JSON_NONE) {
        rpc_refuse_kind(answer, id, list.kind, "[]json.RawMessage");
        return -EBADMSG;
    }
    while (json_next(&it)) {
        if (it.value.kind == JSON_STRING || it.value.kind == JSON_NULL)
            continue;
        rpc_refuse_kind(answer, id, it.value.kind, "string");
        return -EBADMSG;
    }
    return 0;
}

/* The list was checked. 0; -ENOMEM. */
static int read_list(struct json_value list, struct reading *r)
{
    struct json_iter it = json_iter(list, RPC_JSON);
    char *at;

    if (list.kind != JSON_ARRAY)
        return 0;
    r->values = calloc(count(list) + 1, sizeof *r->values);
    r->bytes = at = malloc(list.len);
    if (!r->values || !r->bytes)
        return -ENOMEM;
    while (json_next(&it)) {
        int len = json_decode(it.value, at, list.len - (size_t)(at - r->bytes));
        r->values[r->n] = (struct span){at, len > 0 ? (size_t)len : 0};
        at += r->values[r->n++].len;
    }
    r->any = r->n > 0 && r->values[0].len == 1 && r->values[0].at[0] == '*';
    if (r->any)
        r->n = 0;
    return 0;
}

static int compare(struct span a, struct span b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_value(const void *a, const void *b)
{
    return compare(*(const struct span *)a, *(const struct span *)b);
}

static void sort_and_unite(struct reading *r)
{
    size_t kept = 0;

    qsort(r->values, r->n, sizeof *r->values, by_value);
    for (size_t i = 0; i < r->n; i++)
        if (kept == 0 || compare(r->values[kept - 1], r->values[i]) != 0)
            r->values[kept++] = r->values[i];
    r->n = kept;
}

/* ---- its key --------------------------------------------------------------------------------- */

static void add_number(struct text *key, size_t n)
{
    uint32_t number = (uint32_t)n;

    text_add_bytes(key, (const char *)&number, sizeof number);
}

static void add_list(struct filter_request *out, const struct reading *r)
{
    add_number(&out->key, r->n);
    out->n_values += r->n;
    for (size_t i = 0; i < r->n; i++) {
        add_number(&out->key, r->values[i].len);
        text_add_bytes(&out->key, r->values[i].at, r->values[i].len);
        if (r->values[i].len > out->longest)
            out->longest = r->values[i].len;
    }
}

static char what_matches(const struct injective_type *type, const struct reading lists[])
{
    bool first = lists[0].n > 0, second = lists[1].n > 0;

    if (first && second)
        return KEY_BOTH;
    if (first || second)
        return first ? KEY_FIRST : KEY_SECOND;
    return lists[0].any || (type->n_keys == 2 && lists[1].any) ? KEY_ALL : KEY_NOTHING;
}

static void add_type(struct filter_request *out, size_t number, struct reading lists[])
{
    const struct injective_type *type = &injective_types[number];
    char what = what_matches(type, lists), head[2] = {(char)number, what};

    text_add_bytes(&out->key, head, sizeof head);
    if (type->n_keys == 2) /* with one, order and repeats are seen in the updates */
        for (unsigned k = 0; k < 2; k++)
            if (lists[k].n > 0)
                sort_and_unite(&lists[k]);
    if (what == KEY_FIRST || what == KEY_BOTH)
        add_list(out, &lists[0]);
    if (what == KEY_SECOND || what == KEY_BOTH)
        add_list(out, &lists[1]);
}

static int read_type(struct json_value filter, size_t number, const struct rpc_id *id,
                     struct filter_request *out, struct text *answer)
{
    const struct injective_type *type = &injective_types[number];
    struct reading lists[INJECTIVE_KEYS_MAX] = {0};
    int err = 0;

    if (filter.kind == JSON_NULL || filter.kind == JSON_NONE)
        return 0;
    if (filter.kind != JSON_OBJECT) {
        rpc_refuse_kind(answer, id, filter.kind, "map[string]json.RawMessage");
        return -EBADMSG;
    }
    for (unsigned k = 0; k < type->n_keys && !err; k++) {
        struct json_value list = json_member(filter, type->keys[k].param, RPC_JSON);
        err = check_list(list, id, answer);
        if (!err)
            err = read_list(list, &lists[k]);
    }
    if (!err) {
        out->n_types++;
        add_type(out, number, lists);
    }
    for (unsigned k = 0; k < INJECTIVE_KEYS_MAX; k++)
        forget(&lists[k]);
    return err;
}

int filter_read(struct json_value filter, enum profile profile, const struct rpc_id *id,
                struct filter_request *out, struct text *answer)
{
    char head = (char)profile;
    int err = 0;

    *out = (struct filter_request){0};
    text_add_bytes(&out->key, &head, 1);
    if (filter.kind != JSON_OBJECT && filter.kind != JSON_NULL && filter.kind != JSON_NONE) {
        rpc_refuse_kind(answer, id, filter.kind, "map[string]json.RawMessage");
        return -EBADMSG;
    }
    for (size_t i = 0; i < INJECTIVE_TYPES && !err; i++)
        err =
            read_type(json_member(filter, injective_types[i].filter, RPC_JSON), i, id, out, answer);
    return err || !out->key.failed ? err : -ENOMEM;
}

/* ---- what it comes to ------------------------------------------------------------------------ */

struct cursor {
    const char *at;
    struct span *span; /* NULL while values are only counted */
    size_t n;
};

static uint32_t take_number(struct cursor *c)
{
    uint32_t number;

    memcpy(&number, c->at, sizeof number);
    c->at += sizeof number;
    return number;
}

static struct filter_list take_list(struct cursor *c)
{
    struct filter_list list = {.values = c->span, .n = take_number(c)};

    for (size_t i = 0; i < list.n; i++) {
        uint32_t len = take_number(c);
        if (c->span)
            *c->span++ = (struct span){c->at, len};
        c->at += len;
    }
    c->n += list.n;
    return list;
}

/* Subaccounts have fewer events than markets, so theirs are listened to, unless there are many. */
static void choose(struct filter_type *t)
{
    const struct filter_list *markets = &t->lists[0], *subaccounts = &t->lists[1];
    bool by_market = subaccounts->n > FILTER_SUBACCOUNTS_FEW && markets->n < subaccounts->n;

    t->listen = by_market ? 0 : 1;
    t->check = by_market ? subaccounts : markets;
}

static void take_type(struct cursor *c, struct filter_type *t)
{
    char what = *c->at++;

    t->match = what == KEY_NOTHING ? FILTER_NOTHING : what == KEY_ALL ? FILTER_ALL : FILTER_LISTED;
    t->listen = what == KEY_SECOND;
    if (what == KEY_FIRST || what == KEY_BOTH)
        t->lists[0] = take_list(c);
    if (what == KEY_SECOND || what == KEY_BOTH)
        t->lists[1] = take_list(c);
    if (what == KEY_BOTH)
        choose(t);
}

static size_t count_values(const char *key, size_t len)
{
    struct cursor c = {.at = key + 1};

    while (c.at < key + len) {
        struct filter_type ignored = {0};
        c.at++;
        take_type(&c, &ignored);
    }
    return c.n;
}

struct filter *filter_compile(const char *key, size_t len)
{
    struct filter *f = calloc(1, sizeof *f + count_values(key, len) * sizeof *f->spans);
    struct cursor c = {.at = key + 1, .span = f ? f->spans : NULL};

    if (!f)
        return NULL;
    f->profile = (enum profile)key[0];
    while (c.at < key + len) {
        size_t number = (size_t)*c.at++;
        take_type(&c, &f->types[number]);
    }
    return f;
}

bool filter_list_has(const struct filter_list *list, struct json_value value)
{
    char decoded[FILTER_VALUE_MAX];
    struct span wanted;

    if (!json_string_plain(value, &wanted.at, &wanted.len)) {
        int len = json_decode(value, decoded, sizeof decoded);
        if (len < 0)
            return false; /* no text, or longer than any value */
        wanted = (struct span){decoded, (size_t)len};
    }
    return bsearch(&wanted, list->values, list->n, sizeof *list->values, by_value) != NULL;
}
