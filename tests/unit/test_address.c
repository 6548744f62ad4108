/* test_address.c - addresses, networks, and who stands behind a proxy. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "gateway/address.h"

static struct address at(const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(text, strlen(text), &a), 0, "%s", text);
    return a;
}

static struct networks nets(char *a, char *b)
{
    char *items[] = {a, b}, error[200];
    struct setting_list list = {items, b ? 2 : 1};
    struct networks n;

    cr_assert_eq(networks_parse(&list, "trusted-proxies", &n, error, sizeof error), 0, "%s", error);
    return n;
}

static bool has(char *network, const char *address)
{
    struct networks n = nets(network, NULL);
    struct address a = at(address);

    return networks_have(&n, &a);
}

Test(address, an_ipv4_address_is_the_same_over_ipv6_and_as_text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct address text = at("10.0.0.1"), a = address_of((struct sockaddr *)&v4);

    inet_pton(AF_INET6, "::ffff:10.0.0.1", &v6.sin6_addr);
    struct address b = address_of((struct sockaddr *)&v6);
    cr_expect_eq(memcmp(&a, &text, sizeof a), 0);
    cr_expect_eq(memcmp(&b, &text, sizeof b), 0);
}

Test(address, whoever_comes_over_a_unix_socket_has_none)
{
    struct sockaddr un = {.sa_family = AF_UNIX};
    struct address a = address_of(&un);
    struct networks n = nets("10.0.0.0/8", "unix"), others = nets("10.0.0.0/8", NULL);

    cr_expect_not(address_known(&a));
    cr_expect(networks_have(&n, &a));
    cr_expect_not(networks_have(&others, &a));
}

Test(address, ipv6_counts_by_64_bits_and_ipv4_by_address)
{
    struct address a = at("2001:db8:1:2:3:4:5:6"), b = at("2001:db8:1:2::"), c = at("10.0.0.1");
    struct address pa = address_party(&a), pb = address_party(&b), pc = address_party(&c);

    cr_expect_eq(memcmp(&pa, &pb, sizeof pa), 0);
    cr_expect_eq(memcmp(&pc, &c, sizeof c), 0);
}

Test(address, a_network_has_what_its_bits_say)
{
    cr_expect(has("10.0.0.0/8", "10.255.0.1"));
    cr_expect_not(has("10.0.0.0/8", "11.0.0.1"));
    cr_expect(has("192.168.4.0/22", "192.168.7.255"));
    cr_expect_not(has("192.168.4.0/22", "192.168.8.0"));
    cr_expect(has("2001:db8::/33", "2001:db8:7fff::1"));
    cr_expect_not(has("2001:db8::/33", "2001:db8:8000::1"));
    cr_expect(has("0.0.0.0/0", "1.2.3.4"));
    cr_expect_not(has("0.0.0.0/0", "2001:db8::1"));
    cr_expect(has("10.0.0.1", "10.0.0.1"));
    cr_expect_not(has("10.0.0.1", "10.0.0.2"));
    cr_expect(has("loopback", "127.9.9.9"));
    cr_expect(has("loopback", "::1"));
}

Test(address, what_is_no_network_is_refused_with_the_settings_name)
{
    const char *bad[] = {"10.0.0.0/33",    "10.0.0.0/", "10.0.0.0/8x", "10.0.0", "localhost",
                         "2001:db8::/129", "/8",        "10.0.0.1/-1", ""};
    char error[200];
    struct networks n;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *items[] = {(char *)bad[i]};
        struct setting_list list = {items, 1};
        cr_expect_lt(networks_parse(&list, "trusted-proxies", &n, error, sizeof error), 0, "%s",
                     bad[i]);
        cr_expect_eq(strncmp(error, "trusted-proxies: ", 17), 0);
    }
}

static void behind(const char *peer, const char *forwarded, const char *expected)
{
    struct networks trusted = nets("10.0.0.0/8", NULL);
    char text[ADDRESS_TEXT_MAX];
    struct address who = address_behind_proxies(&trusted, at(peer), forwarded);

    cr_expect_str_eq(address_text(&who, text), expected, "%s via %s: %s", forwarded, peer, text);
}

Test(address, a_strangers_forwarded_for_is_not_believed)
{
    behind("192.0.2.9", "1.1.1.1", "192.0.2.9");
}

Test(address, the_right_most_address_that_is_no_proxy_asked)
{
    behind("10.0.0.1", "1.1.1.1", "1.1.1.1");
    behind("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1");
    behind("10.0.0.1", "6.6.6.6, 1.1.1.1 , 10.0.0.2,10.0.0.3", "1.1.1.1");
    behind("10.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7");
    behind("10.0.0.1", "", "10.0.0.1");
}

Test(address, ports_and_brackets_are_left_out)
{
    behind("10.0.0.1", "1.1.1.1:5000", "1.1.1.1");
    behind("10.0.0.1", "[2001:db8::1]:5000", "2001:db8::1");
    behind("10.0.0.1", "2001:db8::1", "2001:db8::1");
}

Test(address, what_cannot_be_read_ends_the_search_at_who_was_vouched_for)
{
    behind("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1");
    behind("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2", "10.0.0.2");
    behind("10.0.0.1", ",,,", "10.0.0.1");
}
