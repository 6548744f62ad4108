/* fuzz_route.c - any path and query either get a dialect or are refused with one line; and what a
 * dialect admits it can open. The input is a path, and after its first '?' a query. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/route.h"
#include "tests/support/fake_client.h"

static struct fake_gateway g;
static const struct listen_address any, own = {.dialect = &dialect_binance};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct listen_address *listener, const char *path, const char *query)
{
    struct route r = route_find(&g.settings, listener, path, query);

    must((r.dialect == NULL) == (r.status != 0));
    must(strlen(r.why) < sizeof r.why);
    if (!r.dialect) {
        must(r.status >= 400 && r.status < 600 && r.why[0]);
        return;
    }
    struct client *c = fake_open(&g, r.dialect, r.profile, path, query);
    must(c->state == CLIENT_OPEN && c->n_memberships <= g.settings.max_subscriptions);
    fake_close(&g, c);
    must(hub_streams(g.hub) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *path = malloc(size + 1), *query = NULL;

    if (!g.hub)
        fake_gateway_start(&g, FAKE_FLAGS("--streams", "*@*", "--max-subscriptions", "3"));
    if (size)
        memcpy(path, data, size);
    path[size] = '\0';
    if ((query = strchr(path, '?')))
        *query++ = '\0';
    check(&any, path, query ? query : "");
    check(&own, path, query ? query : "");
    fake_wishes(&g);
    free(path);
    return 0;
}
