#include <criterion/criterion.h>

#include "gateway/heap.h"

static struct heap heap;

static void set_up(void)
{
    heap = (struct heap){0};
}

TestSuite(heap, .init = set_up);

Test(heap, it_waits_until_a_burst_is_over)
{
    cr_expect(!heap_look(&heap, 2000));
    cr_expect(!heap_look(&heap, 4000));
    cr_expect(heap_look(&heap, 4000));
    cr_expect(!heap_look(&heap, 4000));
}

Test(heap, connections_that_go_count_as_well)
{
    heap = (struct heap){.seen = 4000, .trimmed = 4000};
    cr_expect(!heap_look(&heap, 0));
    cr_expect(heap_look(&heap, 0));
}

Test(heap, a_few_connections_are_not_worth_it)
{
    heap_look(&heap, HEAP_LEAST - 1);
    cr_expect(!heap_look(&heap, HEAP_LEAST - 1));
    heap = (struct heap){.seen = 100000, .trimmed = 100000};
    heap_look(&heap, 109000);
    cr_expect(!heap_look(&heap, 109000));
}
