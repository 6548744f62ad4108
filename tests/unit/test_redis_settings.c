/* What the settings about Redis mean together. */
#include "common/redis_settings.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct redis_given given;
static struct redis_url url;
static struct redis_naming naming;
static struct redis_tls *tls;
static char error[SETTINGS_ERROR_MAX];

static void set_up(void)
{
    given =
        (struct redis_given){.redis = "redis://h", .prefix = "p:", .ca = "", .cert = "", .key = ""};
}

static void tear_down(void)
{
    redis_tls_free(&tls);
    no_leaks();
}

TestSuite(redis_settings, .init = set_up, .fini = tear_down);

static void accepted(void)
{
    redis_tls_free(&tls);
    cr_assert_eq(redis_settings_read(&given, &url, &naming, &tls, error), 0, "%s", error);
}

static void refused(const char *wanted)
{
    cr_assert_eq(redis_settings_read(&given, &url, &naming, &tls, error), -EINVAL);
    cr_expect(strncmp(error, wanted, strlen(wanted)) == 0, "%s", error);
    cr_expect_null(strchr(error, '\n'));
}

Test(redis_settings, streams_are_sharded_on_a_cluster_with_a_prefix_of_our_own_alone)
{
    accepted();
    cr_expect_not(naming.sharded);
    given.redis = "redis+sentinel://h/m";
    accepted();
    cr_expect_not(naming.sharded);
    given.redis = "redis+cluster://h";
    accepted();
    cr_expect(naming.sharded);
    given.prefix = "";
    accepted();
    cr_expect_not(naming.sharded, "somebody else's channels");
}

Test(redis_settings, the_form_can_be_given)
{
    given.pubsub = PUBSUB_SHARDED;
    accepted();
    cr_expect(naming.sharded);
    given.redis = "redis+cluster://h";
    given.pubsub = PUBSUB_PLAIN;
    accepted();
    cr_expect_not(naming.sharded);
}

Test(redis_settings, every_login_of_a_tls_url_has_it)
{
    given.redis = "rediss+sentinel://h/m";
    accepted();
    cr_expect_not_null(tls);
    cr_expect_eq(url.login.tls, tls);
    cr_expect_eq(url.sentinel_login.tls, tls);
    given.redis = "redis://h";
    accepted();
    cr_expect_null(tls);
    cr_expect_null(url.login.tls);
}

Test(redis_settings, what_cannot_be_used_is_named)
{
    given.ca = "/nowhere/ca.pem";
    refused("redis-ca: is for TLS");
    given.redis = "rediss://h";
    refused("redis-ca: '/nowhere/ca.pem': no PEM file");
    given.ca = "/dev/null";
    refused("redis-ca: '/dev/null'");
    given.ca = "";
    given.cert = "/nowhere/cert.pem";
    refused("redis-cert: must be given together with redis-key");
    given.key = "/nowhere/key.pem";
    refused("redis-cert: '/nowhere/cert.pem': no PEM certificate");
    given.redis = "x://";
    refused("redis: must begin with");
    given.prefix = "a*";
    refused("prefix: ");
}
