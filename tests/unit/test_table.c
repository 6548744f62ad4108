/* A hash table through a member of its elements: growth, equal hashes, removal, walking. */
#include "common/table.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/leaks.h"

struct element {
    int number;
    struct table_node node;
};

enum { MANY = 5000 };

static struct table t;
static struct element elements[MANY];

static void set_up(void)
{
    cr_assert_eq(table_init(&t), 0);
    for (int i = 0; i < MANY; i++)
        elements[i].number = i;
}

static void tear_down(void)
{
    table_fini(&t);
    no_leaks();
}

static uint64_t hash_of(int number)
{
    return table_hash(&t, &number, sizeof number);
}

static void insert(int number)
{
    table_insert(&t, &elements[number].node, hash_of(number));
}

static struct element *look_up(int number, uint64_t hash)
{
    table_each_match(node, &t, hash)
    {
        struct element *e = table_entry(node, struct element, node);
        if (e->number == number)
            return e;
    }
    return NULL;
}

static size_t walk(void)
{
    size_t n = 0;

    for (struct table_node *node = NULL; (node = table_next(&t, node));)
        n++;
    return n;
}

TestSuite(table, .init = set_up, .fini = tear_down);

Test(table, an_empty_one_has_nothing_to_find_and_nothing_to_walk)
{
    cr_expect_null(look_up(1, hash_of(1)));
    cr_expect_null(table_next(&t, NULL));
}

Test(table, every_element_is_found_after_many_doublings)
{
    for (int i = 0; i < MANY; i++)
        insert(i);
    cr_expect_eq(t.n, (size_t)MANY);
    cr_expect_geq(t.mask + 1, (size_t)MANY / 2, "chains grow instead of the table");
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(look_up(i, hash_of(i)), &elements[i], "%d", i);
    cr_expect_null(look_up(MANY, hash_of(MANY)));
}

Test(table, what_is_removed_is_not_found_and_the_others_still_are)
{
    for (int i = 0; i < MANY; i++)
        insert(i);
    for (int i = 0; i < MANY; i += 2)
        table_remove(&t, &elements[i].node);
    cr_expect_eq(t.n, (size_t)MANY / 2);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(look_up(i, hash_of(i)), i % 2 ? &elements[i] : NULL, "%d", i);
}

Test(table, elements_of_one_hash_are_all_found_and_removed_one_by_one)
{
    enum { HASH = 77, FEW = 5 };

    for (int i = 0; i < FEW; i++)
        table_insert(&t, &elements[i].node, HASH);
    table_insert(&t, &elements[FEW].node, HASH + 64); /* the same slot, another hash */
    for (int i = 0; i < FEW; i++)
        cr_expect_eq(look_up(i, HASH), &elements[i]);
    cr_expect_null(look_up(FEW, HASH));
    table_remove(&t, &elements[2].node);
    cr_expect_null(look_up(2, HASH));
    cr_expect_eq(look_up(0, HASH), &elements[0]);
    cr_expect_eq(look_up(4, HASH), &elements[4]);
    cr_expect_eq(look_up(FEW, HASH + 64), &elements[FEW]);
}

Test(table, a_walk_meets_every_element_once)
{
    for (int i = 0; i < MANY; i++)
        insert(i);
    for (struct table_node *node = NULL; (node = table_next(&t, node));)
        table_entry(node, struct element, node)->number += MANY;
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(elements[i].number, i + MANY, "%d", i);
    cr_expect_eq(walk(), (size_t)MANY);
}

Test(table, a_walk_may_remove_what_it_has_passed)
{
    struct table_node *node, *passed = NULL;

    for (int i = 0; i < 300; i++)
        insert(i);
    for (node = table_next(&t, NULL); node; passed = node, node = table_next(&t, node))
        if (passed)
            table_remove(&t, passed);
    cr_expect_eq(walk(), 1u);
}

Test(table, the_hash_depends_on_every_byte_and_on_the_length)
{
    char bytes[40] = {0};
    uint64_t zeros = table_hash(&t, bytes, sizeof bytes);

    for (size_t i = 0; i < sizeof bytes; i++) {
        cr_expect_neq(table_hash(&t, bytes, i), zeros, "length %zu", i);
        bytes[i] = 1;
        cr_expect_neq(table_hash(&t, bytes, sizeof bytes), zeros, "byte %zu", i);
        bytes[i] = 0;
    }
    cr_expect_eq(table_hash(&t, bytes, sizeof bytes), zeros);
}

/* Or a stranger could choose names that all fall into one slot. */
Test(table, two_tables_hash_differently)
{
    struct table other;

    cr_assert_eq(table_init(&other), 0);
    cr_expect_neq(table_hash(&t, "name", 4), table_hash(&other, "name", 4));
    table_fini(&other);
}

/* SipHash-1-3 of 00 01 .. 0e under the key 00 01 .. 0f, as published. */
Test(table, the_hash_is_siphash_1_3)
{
    unsigned char bytes[15];

    for (unsigned char i = 0; i < sizeof bytes; i++)
        bytes[i] = i;
    t.key[0] = 0x0706050403020100;
    t.key[1] = 0x0f0e0d0c0b0a0908;
    cr_expect_eq(table_hash(&t, bytes, sizeof bytes), 0xd320d86d2a519956u, "%llx",
                 (unsigned long long)table_hash(&t, bytes, sizeof bytes));
}
