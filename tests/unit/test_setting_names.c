/* test_setting_names.c - the lists of names that the programs know of each other are complete. */
#include <criterion/criterion.h>

#include "common/setting_names.h"
#include "gateway/gateway_settings.h"
#include "publisher/publisher_settings.h"

static void same(const struct setting *names, size_t n_names, const struct setting *table, size_t n)
{
    cr_assert_eq(n_names, n, "%zu names for %zu settings", n_names, n);
    for (size_t i = 0; i < n; i++)
        cr_expect_str_eq(names[i].name, table[i].name);
}

Test(setting_names, are_those_of_the_gateway)
{
    same(gateway_setting_names, gateway_setting_names_count, gateway_settings_table,
         gateway_settings_count);
}

Test(setting_names, are_those_of_the_publisher)
{
    same(publisher_setting_names, publisher_setting_names_count, publisher_settings_table,
         publisher_settings_count);
}
