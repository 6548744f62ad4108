/* Events as lines of a file that grows, of TCP connections and of standard input. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "source_harness.h"

#define EVENT(data) "{\"stream\":\"s\",\"data\":" #data "}\n"

TestSuite(lines, .init = harness_set_up, .fini = harness_tear_down);

/* ---- a file ---------------------------------------------------------------------------------- */

Test(lines, a_file_is_read_from_its_beginning_and_followed_as_it_grows)
{
    harness_write("w", EVENT(1));
    harness_start("lines=", h.path, "");
    harness_until(h.n == 1);
    harness_write("a", EVENT(2) "{\"stream\":\"s\",");
    harness_until(h.n == 2);
    harness_write("a", "\"data\":3}\n");
    harness_until(h.n == 3);
    cr_expect_str_eq(h.events, "1 2 3 ");
    cr_expect_eq(h.n_bad, 0u);
    cr_expect_not(h.done);
    cr_expect(h.source->patient);
}

Test(lines, a_file_that_was_cut_is_read_from_its_beginning_again)
{
    harness_write("w", EVENT(1) EVENT(2) "{\"torn");
    harness_start("lines=", h.path, "");
    harness_until(h.n == 2);
    harness_write("w", EVENT(3));
    harness_until(h.n == 3);
    harness_write("a", EVENT(4));
    harness_until(h.n == 4);
    cr_expect_str_eq(h.events, "1 2 3 4 ");
    cr_expect_eq(h.n_bad, 0u);
}

Test(lines, of_a_file_that_was_replaced_the_rest_is_read_and_then_the_new_one)
{
    char old[96];

    harness_write("w", EVENT(1));
    harness_start("lines=", h.path, "");
    harness_until(h.n == 1);
    harness_write("a", EVENT(2) "{\"stream\":\"s\",\"data\":3}"); /* its last line has no newline */
    snprintf(old, sizeof old, "%s.old", h.path);
    cr_assert_eq(rename(h.path, old), 0);
    harness_write("w", EVENT(4));
    harness_until(h.n == 4);
    harness_write("a", EVENT(5));
    harness_until(h.n == 5);
    cr_expect_str_eq(h.events, "1 2 3 4 5 ");
}

Test(lines, a_file_whose_name_is_gone_for_a_while_is_waited_for)
{
    harness_write("w", EVENT(1));
    harness_start("lines=", h.path, "");
    harness_until(h.n == 1);
    int kept = open(h.path, O_RDONLY); /* so that the new file cannot be the same one */
    unlink(h.path);
    harness_turns(50);
    harness_write("w", EVENT(2));
    harness_until(h.n == 2);
    close(kept);
}

Test(lines, a_paused_file_loses_nothing)
{
    harness_write("w", EVENT(1) EVENT(2) EVENT(3));
    h.pause_after = 1;
    harness_start("lines=", h.path, "");
    harness_until(h.source->paused);
    harness_turns(20);
    cr_expect_eq(h.n, 1u);
    harness_resume();
    harness_until(h.n == 3);
    cr_expect_str_eq(h.events, "1 2 3 ");
}

Test(lines, options_and_files_that_cannot_be_are_refused)
{
    cr_expect_lt(harness_open("lines=", h.path, ""), 0);
    cr_expect_not_null(strstr(h.error, "No such file"));
    harness_write("w", "");
    cr_expect_lt(harness_open("lines=", h.path, ",x"), 0);
    cr_expect_not_null(strstr(h.error, "lines has no options"));
}

/* ---- TCP ------------------------------------------------------------------------------------- */

/* A port that was free a moment ago. */
static int free_port(char text[32])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    close(fd);
    snprintf(text, 32, "127.0.0.1:%d", ntohs(at.sin_port));
    return ntohs(at.sin_port);
}

static int dial(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static int listen_on_free_port(void)
{
    char address[32];
    int port = free_port(address);

    harness_start("lines=tcp://", address, "");
    return port;
}

Test(lines, several_connections_send_events_at_once)
{
    int port = listen_on_free_port(), a = dial(port), b = dial(port);

    say(a, "{\"stream\":\"s\",");
    say(b, EVENT(1));
    harness_until(h.n == 1);
    say(a, "\"data\":2}\n" EVENT(3));
    harness_until(h.n == 3);
    close(a);
    say(b, EVENT(4));
    harness_until(h.n == 4);
    cr_expect_str_eq(h.events, "1 2 3 4 ");
    cr_expect_not(h.source->patient);
    close(b);
}

Test(lines, the_last_line_of_a_connection_needs_no_newline)
{
    int fd = dial(listen_on_free_port());

    say(fd, "{\"stream\":\"s\",\"data\":1}");
    close(fd);
    harness_until(h.n == 1);
}

Test(lines, a_connection_that_closed_while_paused_is_still_read_to_its_end)
{
    int port = listen_on_free_port(), fd = dial(port);

    h.pause_after = 1;
    say(fd, EVENT(1) EVENT(2) EVENT(3));
    close(fd);
    harness_until(h.n == 1);
    harness_turns(20);
    cr_expect_eq(h.n, 1u);
    harness_resume();
    harness_until(h.n == 3);
    cr_expect_str_eq(h.events, "1 2 3 ");
}

Test(lines, who_writes_to_a_paused_source_has_to_wait)
{
    static char filler[64 * 1024];
    int port = listen_on_free_port(), fd = dial(port);
    size_t sent = 0;
    ssize_t n;

    h.pause_after = 1;
    memset(filler, '\n', sizeof filler);
    say(fd, EVENT(1));
    harness_until(h.source->paused);
    do { /* the kernel's buffers are large, and not endless */
        harness_turns(3);
        n = send(fd, filler, sizeof filler, MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
    } while (n > 0 && sent < (size_t)256 * 1024 * 1024);
    cr_expect_eq(n, -1);
    cr_expect_eq(errno, EAGAIN);
    harness_resume();
    do
        harness_turns(3);
    while (send(fd, "\n" EVENT(2), 1 + strlen(EVENT(2)), MSG_DONTWAIT) <= 0);
    harness_until(h.n == 2);
    close(fd);
}

Test(lines, a_port_in_use_or_no_port_is_refused)
{
    static const char *const bad[] = {
        "127.0.0.1", ":9000", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "::1:9000", ""};
    char address[32], taken[64];
    struct source *first;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_lt(harness_open("lines=tcp://", bad[i], ""), 0, "'%s'", bad[i]);
    free_port(address);
    snprintf(taken, sizeof taken, "lines=tcp://%s", address);
    cr_assert_eq(source_open(&h.host, taken, &first, h.error), 0);
    cr_expect_eq(harness_open("lines=tcp://", address, ""), -EADDRINUSE);
    cr_expect_not_null(strstr(h.error, "in use"));
    source_free(&first);
}

/* ---- standard input -------------------------------------------------------------------------- */

Test(lines, standard_input_is_done_at_its_end)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_geq(dup2(ends[0], STDIN_FILENO), 0);
    close(ends[0]);
    harness_start("lines", "", "");
    cr_assert_gt(write(ends[1], EVENT(1), strlen(EVENT(1))), 0);
    harness_until(h.n == 1);
    cr_assert_gt(write(ends[1], "{\"stream\":\"s\",\"data\":2}", 23), 0);
    close(ends[1]);
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 ");
    cr_expect_not(h.source->patient);
}

Test(lines, a_file_as_standard_input_is_read_once_and_can_wait)
{
    harness_write("w", EVENT(1) EVENT(2));
    int fd = open(h.path, O_RDONLY);
    cr_assert_geq(dup2(fd, STDIN_FILENO), 0);
    close(fd);
    harness_start("lines", "", "");
    harness_until(h.done);
    cr_expect_str_eq(h.events, "1 2 ");
    cr_expect(h.source->patient);
}
