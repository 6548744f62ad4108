/* client_rights.c - see client_rights.h. */
#include "gateway/client_rights.h"

#include <string.h>
#include <time.h>

#include "common/backoff.h"
#include "gateway/auth.h"
#include "gateway/client.h"
#include "gateway/counters.h"
#include "gateway/gateway_settings.h"
#include "gateway/hub.h"
#include "gateway/view.h"

/* ---- time ----------------------------------------------------------------------------------- */

static void expire_at(struct client *c, uint64_t unix_s)
{
    uint64_t now_s = (uint64_t)time(NULL), now = c->host->now_ms;

    c->expires_ms = 0;
    if (unix_s > now_s && unix_s - now_s < DIALECT_NEVER / 1000 - now)
        c->expires_ms = now + (unix_s - now_s) * 1000;
    else if (unix_s > 0 && unix_s <= now_s)
        c->expires_ms = now;
}

/* Those who came together, after a restart, do not go together. */
static void retire_at(struct client *c)
{
    uint64_t age = c->host->settings->security.max_age_ms;

    c->retires_ms = age ? c->host->now_ms + age - backoff_random() % (age / 10 + 1) : 0;
}

uint64_t client_rights_due(const struct client *c)
{
    uint64_t due = c->expires_ms ? c->expires_ms : DIALECT_NEVER;

    return c->retires_ms && c->retires_ms < due ? c->retires_ms : due;
}

void client_rights_tick(struct client *c)
{
    if (c->expires_ms && c->host->now_ms >= c->expires_ms)
        client_close(c, CLOSE_expired);
    else if (c->retires_ms && c->host->now_ms >= c->retires_ms)
        client_close(c, CLOSE_max_age);
}

/* ---- streams -------------------------------------------------------------------------------- */

void client_rights_take(struct client *c, struct identity *identity)
{
    c->grants = identity->grants;
    identity->grants = NULL;
    expire_at(c, identity->expires_s);
    retire_at(c);
}

void client_rights_forget(struct client *c)
{
    grants_free(&c->grants);
}

bool client_allows(const struct client *c, const char *stream, size_t len)
{
    return !c->grants || grants_allow(c->grants, stream, len);
}

struct question {
    const struct client *client;
    const struct view_type *type;
};

static bool fits(const void *ctx, const struct stream *stream)
{
    const struct question *q = ctx;

    return (q->type->comes_along && strcmp(q->type->comes_along, stream->name) == 0) ||
           client_allows(q->client, stream->name, stream->name_len);
}

bool client_allows_view(const struct client *c, const struct view *view)
{
    const struct question q = {.client = c, .type = view->type};

    return !c->grants || view->type->asks_itself || hub_every(&view->listener, fits, &q);
}

/* ---- credentials ---------------------------------------------------------------------------- */

bool client_rights_asked(const struct client *c)
{
    return c->host->settings->security.auth != NULL;
}

bool client_rights_renew(struct client *c, const char *token, size_t len)
{
    const struct auth *auth = c->host->settings->security.auth;
    struct member *member, *following;
    struct identity identity;

    if (!auth || auth_check(auth, token, len, (uint64_t)time(NULL), &identity)) {
        client_bad_request(c);
        return false;
    }
    grants_free(&c->grants);
    c->grants = identity.grants;
    expire_at(c, identity.expires_s);
    list_each_safe (member, following, &c->memberships, in_client)
        if (!client_allows_view(c, member->view))
            (void)client_leave(c, member->view->type, member->view->key, member->view->key_len);
    client_plan(c);
    return true;
}

/* ---- what it sends -------------------------------------------------------------------------- */

void client_rights_spend(struct client *c, size_t bytes, bool frame)
{
    const struct security_settings *s = &c->host->settings->security;
    uint64_t now = c->host->now_ms;

    if ((frame && !rate_take(&c->frames_rate, now, s->message_rate, 1)) ||
        !rate_take(&c->bytes_rate, now, s->byte_rate, bytes))
        client_close(c, CLOSE_too_many_messages);
}
