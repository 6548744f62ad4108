/* One value of --listen, and the socket that comes of it. */
#include "gateway/listen_address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/dialects/dialect.h"

static struct listen_address a;
static char error[200];

static int parse(const char *text)
{
    error[0] = '\0';
    return listen_address_parse(text, &a, error, sizeof error);
}

static void expect_refused(const char *text)
{
    cr_expect_eq(parse(text), -EINVAL, "'%s' was taken", text);
    cr_expect_eq(strncmp(error, "listen: ", 8), 0, "%s", error);
    cr_expect_null(strchr(error, '\n'));
}

Test(listen_address, an_address_of_four_numbers)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&a.address;

    cr_assert_eq(parse("127.0.0.1:8080"), 0, "%s", error);
    cr_expect_str_eq(a.text, "127.0.0.1:8080");
    cr_expect_eq(in->sin_family, AF_INET);
    cr_expect_eq(ntohs(in->sin_port), 8080);
    cr_expect_eq(ntohl(in->sin_addr.s_addr), 0x7f000001u);
    cr_expect_null(a.dialect);
    cr_expect_eq(a.profile, PROFILE_DOC);
}

Test(listen_address, an_address_in_brackets)
{
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&a.address;

    cr_assert_eq(parse("[::1]:65535"), 0, "%s", error);
    cr_expect_eq(in->sin6_family, AF_INET6);
    cr_expect_eq(ntohs(in->sin6_port), 65535);
    cr_expect_eq(in->sin6_addr.s6_addr[15], 1);
}

Test(listen_address, a_unix_socket)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&a.address;

    cr_assert_eq(parse("unix:/run/sluice.sock"), 0, "%s", error);
    cr_expect_eq(un->sun_family, AF_UNIX);
    cr_expect_str_eq(un->sun_path, "/run/sluice.sock");
}

Test(listen_address, options_follow_in_any_order)
{
    cr_assert_eq(parse("0.0.0.0:1,profile=node,dialect=exchange"), 0, "%s", error);
    cr_expect_str_eq(a.text, "0.0.0.0:1");
    cr_expect_eq(a.dialect, &dialect_exchange);
    cr_expect_eq(a.profile, PROFILE_NODE);
    cr_assert_eq(parse("unix:/x,dialect=binance"), 0, "%s", error);
    cr_expect_eq(a.dialect, &dialect_binance);
    cr_expect_eq(a.profile, PROFILE_DOC);
    cr_assert_eq(parse("0.0.0.0:1,dialect=auto,profile=doc"), 0, "%s", error);
    cr_expect_null(a.dialect);
}

Test(listen_address, every_dialect_can_be_named)
{
    char text[100];

    for (const struct dialect *const *d = dialects; *d; d++) {
        snprintf(text, sizeof text, "0.0.0.0:1,dialect=%s", (*d)->name);
        cr_expect_eq(parse(text), 0, "%s", error);
        cr_expect_eq(a.dialect, *d);
    }
}

Test(listen_address, what_is_no_address_is_refused)
{
    static const char *const wrong[] = {
        "",
        ",",
        "127.0.0.1",
        "127.0.0.1:",
        ":8080",
        "8080",
        "x:80",
        "localhost:80",
        "1.2.3.256:80",
        "[::1]",
        "[::1]:",
        "[::1:80",
        "[]:80",
        "unix:",
        "unix:relative",
        "127.0.0.1:x",
        "127.0.0.1:80 ",
        "127.0.0.1:http",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_refused(wrong[i]);
}

Test(listen_address, a_port_is_a_number_from_0_to_65535)
{
    static const char *const wrong[] = {
        "65536",    "-1", "+80", " 80", "0x50", "99999999999", "4294967376", "18446744073709551696",
        "000000080"};
    char text[60];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "127.0.0.1:%s", wrong[i]);
        expect_refused(text);
    }
    cr_expect_eq(parse("127.0.0.1:0"), 0, "%s", error);
    cr_expect_eq(parse("127.0.0.1:65535"), 0, "%s", error);
}

Test(listen_address, unknown_options_are_refused)
{
    expect_refused("127.0.0.1:80,dialect=telnet");
    expect_refused("127.0.0.1:80,dialect=");
    expect_refused("127.0.0.1:80,profile=other");
    expect_refused("127.0.0.1:80,tls");
}

Test(listen_address, what_is_too_long_is_refused_and_not_cut)
{
    char text[400];

    for (size_t len = 90; len < sizeof text; len++) {
        memset(text, 'x', len);
        text[len] = '\0';
        memcpy(text, "unix:/", 6);
        cr_expect_eq(parse(text) == 0, len - 5 < sizeof((struct sockaddr_un *)0)->sun_path, "%zu",
                     len);
        memcpy(text, "1.1.1.1:8,", 10);
        expect_refused(text);
    }
}

Test(listen_address, an_error_fits_into_what_there_is)
{
    char little[20] = "untouched untouched";

    cr_expect_eq(listen_address_parse("nonsense", &a, little, 8), -EINVAL);
    cr_expect_eq(strlen(little), 7u);
    cr_expect_str_eq(little + 8, "d untouched");
}

Test(listen_address, several_workers_listen_on_one_port)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    char text[40];

    cr_assert_eq(parse("127.0.0.1:0"), 0);
    int first = listen_address_open(&a);
    cr_assert_geq(first, 0);
    getsockname(first, (struct sockaddr *)&in, &len);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(in.sin_port));
    cr_assert_eq(parse(text), 0);
    int second = listen_address_open(&a);
    cr_expect_geq(second, 0, "%d", second);
    close(first);
    close(second);
}

Test(listen_address, an_address_that_is_not_ours_is_an_error)
{
    cr_assert_eq(parse("192.0.2.1:0"), 0);
    cr_expect_eq(listen_address_open(&a), -EADDRNOTAVAIL);
}

static char directory[] = "/tmp/sluice-test-XXXXXX", path[64];

static void make_directory(void)
{
    char text[80];

    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    snprintf(text, sizeof text, "unix:%s", path);
    cr_assert_eq(parse(text), 0, "%s", error);
}

static void remove_directory(void)
{
    unlink(path);
    rmdir(directory);
}

TestSuite(listen_unix, .init = make_directory, .fini = remove_directory);

Test(listen_unix, a_socket_that_nobody_answers_on_is_replaced)
{
    int dead = listen_address_open(&a);

    cr_assert_geq(dead, 0);
    close(dead); /* its file stays behind */
    int fd = listen_address_open(&a);
    cr_expect_geq(fd, 0, "%d", fd);
    close(fd);
}

Test(listen_unix, a_socket_that_somebody_answers_on_is_in_use)
{
    int theirs = listen_address_open(&a);

    cr_assert_geq(theirs, 0);
    cr_expect_eq(listen_address_open(&a), -EADDRINUSE);
    cr_expect_eq(access(path, F_OK), 0, "it was taken away from them");
    close(theirs);
}

Test(listen_unix, a_socket_of_another_kind_is_left_alone)
{
    int theirs = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(theirs, (const struct sockaddr *)&a.address, a.address_len), 0);
    cr_expect_eq(listen_address_open(&a), -EADDRINUSE);
    cr_expect_eq(access(path, F_OK), 0);
    close(theirs);
}

Test(listen_unix, a_file_that_is_no_socket_is_left_alone)
{
    FILE *file = fopen(path, "w");

    fclose(file);
    cr_expect_eq(listen_address_open(&a), -EADDRINUSE);
    cr_expect_eq(access(path, F_OK), 0);
}
