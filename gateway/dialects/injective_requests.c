/* injective_requests.c - what clients of the Injective dialect ask for: their subscriptions.
 *
 * The document: "The subscription_id must be unique within your connection". Requests are checked
 * as the server checks them, in its order; our own limits come last.
 */
#include "gateway/dialects/injective.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/client.h"
#include "gateway/dialects/injective_filter.h"
#include "gateway/dialects/injective_go.h"
#include "gateway/dialects/injective_rpc.h"
#include "gateway/gateway_settings.h"

enum {
    NAME_MAX_BYTES = 256, /* of a subscription_id; a longer one is refused */
    VALUES_FACTOR = 10,   /* filter values of a connection, in those of one subscription */
    WHY_MAX = 120,
};

static struct injective_shared *shared_of(const struct client *c)
{
    return c->host->shared[SHARED_INJECTIVE];
}

static struct injective_client *state_of(const struct client *c)
{
    return c->dialect_state;
}

/* ---- subscriptions --------------------------------------------------------------------------- */

static struct injective_subscription *find(const struct client *c, const char *name, size_t len)
{
    struct injective_subscription *sub;

    list_each (sub, &state_of(c)->subscriptions, in_client) {
        if (sub->name_len == len && memcmp(sub->name, name, len) == 0)
            return sub;
    }
    return NULL;
}

void injective_end(struct client *c, struct injective_subscription *sub)
{
    struct injective_client *ic = state_of(c);
    struct injective_subscription *first = sub->member->own;

    if (first == sub) {
        sub->member->own = sub->next;
    } else {
        while (first->next != sub)
            first = first->next;
        first->next = sub->next;
    }
    if (!sub->member->own) {
        const struct view *view = sub->member->view;
        (void)client_leave(c, &injective_view, view->key, view->key_len);
    }
    ic->n_subscriptions--;
    ic->n_values -= sub->n_values;
    list_remove(&sub->in_client);
    free(sub);
}

/* What is wrong with a request that the server would take; empty where nothing is. */
static void judge(const struct client *c, size_t name_len, const struct filter_request *filter,
                  char why[WHY_MAX])
{
    const struct gateway_settings *s = c->host->settings;
    const struct injective_client *ic = state_of(c);

    why[0] = '\0';
    if (name_len > NAME_MAX_BYTES)
        snprintf(why, WHY_MAX, "subscription_id is longer than %d bytes", NAME_MAX_BYTES);
    else if (filter->longest > FILTER_VALUE_MAX)
        snprintf(why, WHY_MAX, "a filter value is longer than %d bytes", FILTER_VALUE_MAX);
    else if (filter->n_values > s->injective_max_filter_values)
        snprintf(why, WHY_MAX, "filter with %zu values, at most %" PRIu64, filter->n_values,
                 s->injective_max_filter_values);
    else if (ic->n_values + filter->n_values > VALUES_FACTOR * s->injective_max_filter_values)
        snprintf(why, WHY_MAX, "filters with %zu values on this connection, at most %" PRIu64,
                 ic->n_values + filter->n_values, VALUES_FACTOR * s->injective_max_filter_values);
    else if (ic->n_subscriptions >= s->max_subscriptions)
        snprintf(why, WHY_MAX, "%zu subscriptions on this connection, at most %" PRIu64,
                 ic->n_subscriptions + 1, s->max_subscriptions);
}

/* Enter a subscription: its membership may be there already, for another of the same filter. 0;
 * -errno. */
static int enter(struct client *c, const struct rpc_request *r, const struct text *name,
                 const struct filter_request *filter)
{
    struct injective_client *ic = state_of(c);
    const struct injective_request request = {.shared = shared_of(c)};
    struct injective_subscription *sub = malloc(sizeof *sub + name->len);

    if (!sub)
        return -ENOMEM;
    int err = client_join(c, &injective_view, filter->key.at, filter->key.len, &request);
    if (err && err != -EEXIST) {
        free(sub);
        return err;
    }
    *sub = (struct injective_subscription){
        .id = r->id.number, .n_values = filter->n_values, .name_len = name->len};
    memcpy(sub->name, name->at, name->len);
    sub->member = views_member(c->host->views, &injective_view, filter->key.at, filter->key.len, c);
    sub->next = sub->member->own;
    sub->member->own = sub;
    list_append(&ic->subscriptions, &sub->in_client);
    ic->n_subscriptions++;
    ic->n_values += filter->n_values;
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool refuse(const struct rpc_request *r, struct text *answer, const char *data)
{
    rpc_refuse(answer, &r->id, data);
    return false;
}

static bool refuse_name(const struct rpc_request *r, struct text *answer, const char *data,
                        const struct text *name)
{
    struct text text = {0};

    text_add(&text, "%s", data);
    text_add_bytes(&text, name->at, name->len);
    if (text.failed)
        answer->failed = true;
    else
        rpc_error(answer, &r->id, RPC_INTERNAL_ERROR, text.at, text.len);
    text_free(&text);
    return false;
}

/* The checks in the order in which the server makes them, and then ours. */
static bool subscribe(struct client *c, const struct rpc_request *r, const struct text *name,
                      struct json_value filter_value, struct text *answer)
{
    struct filter_request filter;
    char why[WHY_MAX];
    bool done = false;
    int err = filter_read(filter_value, (enum profile)c->profile, &r->id, &filter, answer);

    if (err == -EBADMSG) {
    } else if (err) {
        answer->failed = true;
    } else if (r->id.kind != RPC_ID_NUMBER) {
        refuse(r, answer, "invalid request: expected non-negative int as id");
    } else if (name->len == 0) {
        refuse(r, answer, "subscription_id is required");
    } else if (filter_value.kind == JSON_NULL || filter_value.kind == JSON_NONE) {
        refuse(r, answer, "filter is required");
    } else if (filter.n_types == 0) {
        refuse(r, answer, "invalid filter: at least one filter must be set");
    } else if (find(c, name->at, name->len)) {
        refuse_name(r, answer, "subscription_id already exists: ", name);
    } else if (judge(c, name->len, &filter, why), why[0]) {
        refuse(r, answer, why);
    } else {
        err = enter(c, r, name, &filter);
        done = err == 0;
        if (done)
            rpc_success(answer, &r->id);
        else if (err == -EACCES)
            refuse(r, answer, "invalid filter: your credentials do not allow it");
        else
            answer->failed = true;
    }
    text_free(&filter.key);
    return done;
}

static bool unsubscribe(struct client *c, const struct rpc_request *r, const struct text *name,
                        struct text *answer)
{
    struct injective_subscription *sub = find(c, name->at, name->len);

    if (name->len == 0)
        return refuse(r, answer, "subscription_id is required");
    if (!sub)
        return refuse_name(r, answer, "subscription not found: ", name);
    injective_end(c, sub);
    rpc_success(answer, &r->id);
    return true;
}

/* Carry out what was read. False: it was refused. */
static bool carry_out(struct client *c, const struct rpc_request *r, struct text *answer)
{
    struct json_value id = json_member(r->req, "subscription_id", RPC_JSON);
    struct text name = {0};
    bool done;

    if (id.kind == JSON_STRING) {
        go_decode(&name, id);
    } else if (id.kind != JSON_NULL && id.kind != JSON_NONE) {
        rpc_refuse_kind(answer, &r->id, id.kind, "string");
        return false;
    }
    if (name.failed)
        answer->failed = true;
    if (r->method == RPC_SUBSCRIBE)
        done = subscribe(c, r, &name, json_member(r->req, "filter", RPC_JSON), answer);
    else
        done = unsubscribe(c, r, &name, answer);
    text_free(&name);
    return done;
}

/* One request; a notification is neither answered nor obeyed. */
static void request(struct client *c, struct json_value value, struct text *answer)
{
    struct rpc_request r;
    int err = rpc_read(value, (enum profile)c->profile, &r, answer);

    if (err == 0 && !carry_out(c, &r, answer))
        err = -EBADMSG;
    if (err == -EBADMSG)
        client_bad_request(c);
}

/* "max-request-batch-size: Maximum RPC calls allowed in a single batch request." */
static bool batch_fits(struct client *c, struct json_value batch, struct text *answer)
{
    const struct rpc_id none = {0};
    uint64_t most = c->host->settings->injective_max_request_batch_size, n = 0;
    char why[WHY_MAX];

    for (struct json_iter it = json_iter(batch, RPC_JSON); json_next(&it);)
        n++;
    if (n > 0 && n <= most)
        return true;
    int len = snprintf(why, sizeof why, "batch of %" PRIu64 ", at most %" PRIu64, n, most);
    if (n == 0)
        len = snprintf(why, sizeof why, "empty batch");
    rpc_error(answer, &none, RPC_INVALID_REQUEST, why, (size_t)len);
    client_bad_request(c);
    return false;
}

/* JSON-RPC 2.0: an array is answered with an array, without places for notifications; of nothing
 * but notifications, not at all. */
static void requests(struct client *c, struct json_value batch, struct text *answer)
{
    struct json_iter it = json_iter(batch, RPC_JSON);

    if (!batch_fits(c, batch, answer))
        return;
    while (json_next(&it)) {
        size_t before = answer->len;
        text_add_bytes(answer, before ? "," : "[", 1);
        request(c, it.value, answer);
        if (answer->len == before + 1)
            answer->len = before;
    }
    if (answer->len > 0)
        text_add_bytes(answer, "]", 1);
}

void injective_request(struct client *c, const char *text, size_t len)
{
    struct text answer = {0};
    struct json_value root;

    if (rpc_check(text, len, &root, &answer) < 0)
        client_bad_request(c);
    else if (root.kind == JSON_ARRAY && c->profile == PROFILE_DOC)
        requests(c, root, &answer);
    else
        request(c, root, &answer);
    if (answer.failed)
        client_close(c, CLOSE_no_memory);
    else if (answer.len > 0)
        client_reply(c, &(struct span){answer.at, answer.len}, 1);
    text_free(&answer);
}
