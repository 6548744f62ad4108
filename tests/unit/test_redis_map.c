/* Which masters there are, from what a Cluster says of itself. */
#include "common/redis_map.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "tests/support/leaks.h"

static struct redis_address asked;
static struct redis_map map, other;
static const char *why;

static void set_up(void)
{
    cr_assert_eq(redis_address_set(&asked, "10.0.0.9", 8, 7000), 0);
}

TestSuite(redis_map, .init = set_up, .fini = no_leaks);

static int read_resp(struct redis_map *into, const char *resp)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    redisReaderFeed(reader, resp, strlen(resp));
    cr_assert_eq(redisReaderGetReply(reader, &reply), REDIS_OK);
    cr_assert_not_null(reply, "the test's own RESP is whole");
    int err = redis_map_read(into, reply, &asked, &why);
    if (err)
        cr_expect_not_null(why);
    freeReplyObject(reply);
    redisReaderFree(reader);
    return err;
}

#define TEXT_NODE(host, len, port) "*2\r\n$" len "\r\n" host "\r\n:" port "\r\n"
#define RANGE(first, last, node) "*3\r\n:" first "\r\n:" last "\r\n" node

static const char *owner(const struct redis_map *m, int slot)
{
    static char text[REDIS_ADDRESS_MAX];

    if (m->owners[slot] == REDIS_NOBODY)
        return "nobody";
    return redis_address_text(&m->nodes[m->owners[slot]], text, sizeof text);
}

Test(redis_map, every_slot_has_the_owner_that_the_cluster_names)
{
    cr_assert_eq(read_resp(&map, "*2\r\n" RANGE("0", "100", TEXT_NODE("b", "1", "1"))
                                     RANGE("101", "16383", TEXT_NODE("a", "1", "2"))),
                 0, "%s", why);
    cr_expect_eq(map.n, 2u);
    cr_expect_str_eq(owner(&map, 0), "b:1");
    cr_expect_str_eq(owner(&map, 100), "b:1");
    cr_expect_str_eq(owner(&map, 101), "a:2");
    cr_expect_str_eq(owner(&map, 16383), "a:2");
    cr_expect(redis_map_complete(&map));
}

Test(redis_map, the_same_cluster_told_in_another_order_is_equal)
{
    cr_assert_eq(read_resp(&map, "*2\r\n" RANGE("0", "9", TEXT_NODE("b", "1", "1"))
                                     RANGE("10", "20", TEXT_NODE("a", "1", "1"))),
                 0);
    cr_assert_eq(read_resp(&other, "*2\r\n" RANGE("10", "20", TEXT_NODE("a", "1", "1"))
                                       RANGE("0", "9", TEXT_NODE("b", "1", "1"))),
                 0);
    cr_expect(redis_map_equal(&map, &other));
    cr_expect_not(redis_map_complete(&map));
    cr_expect_str_eq(owner(&map, 21), "nobody");
    cr_assert_eq(read_resp(&other, "*2\r\n" RANGE("10", "20", TEXT_NODE("b", "1", "1"))
                                       RANGE("0", "9", TEXT_NODE("a", "1", "1"))),
                 0);
    cr_expect_not(redis_map_equal(&map, &other), "the same nodes, others' slots");
}

Test(redis_map, a_node_that_does_not_know_its_address_is_the_one_that_was_asked)
{
    cr_assert_eq(read_resp(&map, "*1\r\n" RANGE("0", "1", "*2\r\n$-1\r\n:7001\r\n")), 0);
    cr_expect_str_eq(owner(&map, 0), "10.0.0.9:7001");
    cr_assert_eq(read_resp(&map, "*1\r\n" RANGE("0", "1", TEXT_NODE("", "0", "7002"))), 0);
    cr_expect_str_eq(owner(&map, 0), "10.0.0.9:7002");
}

Test(redis_map, an_answer_of_another_form_is_refused_and_says_why)
{
    static const char *const texts[] = {
        "-ERR This instance has cluster support disabled\r\n",
        "*0\r\n",
        "+OK\r\n",
        "*1\r\n:1\r\n",
        "*1\r\n" RANGE("0", "16384", TEXT_NODE("a", "1", "1")),
        "*1\r\n" RANGE("2", "1", TEXT_NODE("a", "1", "1")),
        "*1\r\n" RANGE("-1", "1", TEXT_NODE("a", "1", "1")),
        "*1\r\n" RANGE("0", "1", TEXT_NODE("a b", "3", "1")),
        "*1\r\n" RANGE("0", "1", TEXT_NODE("a", "1", "0")),
        "*1\r\n" RANGE("0", "1", TEXT_NODE("a", "1", "65536")),
        "*1\r\n" RANGE("0", "1", "*0\r\n"),
        "*1\r\n*2\r\n:0\r\n:1\r\n",
        "*2\r\n" RANGE("0", "1", TEXT_NODE("a", "1", "1"))
            RANGE("1", "2", TEXT_NODE("b", "1", "1")),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_eq(read_resp(&map, texts[i]), -EPROTO, "%s", texts[i]);
}

Test(redis_map, one_redis_owns_all_slots)
{
    redis_map_single(&map, &asked);
    cr_expect(redis_map_complete(&map));
    cr_expect_str_eq(owner(&map, 16383), "10.0.0.9:7000");
    cr_expect_eq(redis_map_find(&map, &asked), 0);
    cr_assert_eq(redis_address_set(&asked, "x", 1, 1), 0);
    cr_expect_eq(redis_map_find(&map, &asked), REDIS_NOBODY);
}
