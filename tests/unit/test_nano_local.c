/* The publisher's own accounts: the file, and whose confirmations are taken. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "publisher/nano_local.h"

#define X "nano_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define Y "nano_1e6rym1f5p7xj4fh1y8fzy1ym1orxymffp9tx7cey58whakprhwdzuk533th"
#define X_OLD "xrb_1tgkjkq9r96zd3pkr7edj8e4qbu3wr3ps6ettzse8hmoa37nurua7faupjhc"
#define OF "nano.confirmation.account."

static struct nano_local local;
static char error[NANO_LOCAL_ERROR_MAX];

static int load(const char *text)
{
    char path[] = "/tmp/test_nano_local.XXXXXX";
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    error[0] = '\0';
    int err = nano_local_load(&local, path, error);
    unlink(path);
    return err;
}

static void tear_down(void)
{
    nano_local_fini(&local);
}

TestSuite(nano_local, .fini = tear_down);

static bool takes(const char *stream, const char *data)
{
    return nano_local_takes(&local, &(struct event){.stream = stream,
                                                    .stream_len = strlen(stream),
                                                    .data = data,
                                                    .data_len = strlen(data)});
}

Test(nano_local, confirmations_of_its_accounts_are_taken_and_no_others)
{
    cr_assert_eq(load("# ours\n\n  " X_OLD " # the till\r\n"), 0, "%s", error);
    cr_expect(takes(OF X, "{}"));
    cr_expect_not(takes(OF Y, "{\"a\":1}"));
    cr_expect_not(takes("nano.confirmation", "{\"a\":1}"));
    cr_expect_not(takes(OF, "{\"a\":1}"));
    cr_expect_not(takes("nano.vote.representative." X, "{\"a\":1}"));
}

Test(nano_local, a_confirmation_of_two_of_them_is_taken_once)
{
    cr_assert_eq(load(X "\n" Y), 0, "%s", error);
    cr_expect(takes(OF X, "{\"a\":1}"));
    cr_expect_not(takes(OF Y, "{\"a\":1}"));
    cr_expect(takes(OF Y, "{\"a\":2}"));
    cr_expect(takes(OF X, "{\"a\":1}"), "another one that is the same comes later");
}

Test(nano_local, without_a_file_nothing_is_taken)
{
    cr_expect_not(takes(OF X, "{}"));
}

Test(nano_local, an_empty_file_is_no_mistake)
{
    cr_expect_eq(load("# nothing yet\n"), 0);
    cr_expect_not(takes(OF X, "{}"));
}

Test(nano_local, a_line_that_is_no_account_is_named)
{
    cr_expect_eq(load(X "\n" Y "x\n"), -EINVAL);
    cr_expect(strstr(error, "line 2: no Nano account"), "%s", error);
    cr_expect_eq(local.n, 0u);
}

Test(nano_local, a_line_longer_than_any_account_is_refused)
{
    char text[1000];

    memset(text, ' ', sizeof text);
    memcpy(text + sizeof text - 4, "\n#x", 4);
    cr_expect_eq(load(text), -EINVAL);
}

Test(nano_local, a_file_that_cannot_be_read_is_named)
{
    cr_expect_eq(nano_local_load(&local, "/nowhere/accounts", error), -ENOENT);
    cr_expect(strstr(error, "nano-accounts: /nowhere/accounts"), "%s", error);
}
