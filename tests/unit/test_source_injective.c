/* What an Injective node sends, and the events that it becomes. */
#define NORMALISER injective_normaliser
#include "tests/unit/normaliser_harness.h"

#define BLOCK(rest)                                                                                \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"block_height\":\"7\",\"block_time\":\"8\"," rest  \
    "\"gas_price\":\"9.0\"}}"
#define DATA(rest) "|7|{\"block_height\":\"7\",\"block_time\":\"8\"" rest "}" EVENT_END
#define END "injective.block" DATA(",\"gas_price\":\"9.0\"")

Test(source_injective, a_block_without_events_is_its_end_alone)
{
    cr_expect_eq(normalise(BLOCK("")), 0);
    cr_expect_str_eq(events, END);
    cr_expect_eq(normalise(BLOCK("\"spot_trades\":[],\"positions\":null,")), 0);
    cr_expect_str_eq(events, END);
}

Test(source_injective, an_event_goes_to_every_stream_that_a_filter_can_name_and_the_end_comes_last)
{
    cr_expect_eq(normalise(BLOCK(
                     "\"oracle_prices\":[{\"symbol\":\"A\", \"price\":\"1.0\"},{\"symbol\":\"B\"},"
                     "{\"symbol\":\"A\",\"price\":\"2.0\"}],")),
                 0);
    cr_expect_str_eq(
        events,
        "injective.oracle_prices" DATA(
            ",\"oracle_prices\":[{\"symbol\":\"A\", \"price\":\"1.0\"},"
            "{\"symbol\":\"B\"},{\"symbol\":\"A\",\"price\":\"2.0\"}]") "injective.oracle_prices.symbol.A" DATA(",\"oracle_prices\":[{\"symbol\":\"A\", \"price\":\"1.0\"},"
                                                                                                                "{\"symbol\":\"A\",\"price\":\"2.0\"}]") "injective.oracle_prices.symbol.B" DATA(",\"oracle_prices\":[{\"symbol\":\"B\"}]")
            END);
}

Test(source_injective, an_order_has_its_market_and_its_subaccount_deep_inside)
{
#define ORDER                                                                                      \
    "{\"status\":1,\"order\":{\"market_id\":\"0xm\",\"order\":{\"order_info\":{\"subaccount_id\":" \
    "\"0xs\"}}}}"
    cr_expect_eq(normalise(BLOCK("\"derivative_orders\":[" ORDER "],")), 0);
    cr_expect_str_eq(
        events,
        "injective.derivative_orders" DATA(",\"derivative_orders\":[" ORDER "]") "injective.derivative_orders.market.0xm" DATA(
            ",\"derivative_orders\":[" ORDER
            "]") "injective.derivative_orders.subaccount.0xs" DATA(",\"derivative_orders\":[" ORDER
                                                                   "]") END);
}

Test(source_injective, an_order_book_has_its_market_inside)
{
    cr_expect_eq(normalise(BLOCK("\"spot_orderbook_updates\":[{\"seq\":\"1\",\"orderbook\":{"
                                 "\"market_id\":\"0xm\"}}],")),
                 0);
    cr_expect_not_null(strstr(events, "injective.spot_orderbook_updates.market.0xm|7|"));
}

Test(source_injective, balances_and_failures_go_by_account_and_deposits_by_subaccount)
{
    cr_expect_eq(normalise(BLOCK("\"bank_balances\":[{\"account\":\"inj1a\"}],"
                                 "\"order_failures\":[{\"account\":\"inj1b\"}],"
                                 "\"subaccount_deposits\":[{\"subaccount_id\":\"0xs\"}],")),
                 0);
    cr_expect_not_null(strstr(events, "injective.bank_balances.account.inj1a|7|"));
    cr_expect_not_null(strstr(events, "injective.order_failures.account.inj1b|7|"));
    cr_expect_not_null(strstr(events, "injective.subaccount_deposits.subaccount.0xs|7|"));
}

Test(source_injective, values_are_encoded_in_names_and_escapes_read)
{
    cr_expect_eq(normalise(BLOCK("\"oracle_prices\":[{\"symbol\":\"a\\u002fb c\"}],")), 0);
    cr_expect_not_null(strstr(events, "injective.oracle_prices.symbol.a%2Fb%20c|7|"));
}

Test(source_injective, an_event_without_the_value_is_in_the_stream_of_all_alone)
{
    cr_expect_eq(normalise(BLOCK("\"positions\":[{\"market_id\":5}],")), 0);
    cr_expect_str_eq(events, "injective.positions" DATA(",\"positions\":[{\"market_id\":5}]") END);
}

Test(source_injective, what_is_not_known_is_passed_over)
{
    cr_expect_eq(normalise(BLOCK("\"new_kind\":[{\"x\":1}],")), 0);
    cr_expect_str_eq(events, END);
}

Test(source_injective, an_answer_to_a_request_is_no_event)
{
    cr_expect_eq(normalise("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"success\"}"), 0);
    cr_expect_str_eq(events, "");
}

Test(source_injective, a_stream_that_broke_is_a_gap)
{
    cr_expect_eq(normalise("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":"
                           "\"stream error\"}}"),
                 0);
    cr_expect_str_eq(
        events, "injective.gap||{\"from\":null,\"to\":null,\"reason\":\"stream error\"}" EVENT_END);
}

Test(source_injective, everything_else_is_bad)
{
    expect_bad("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":\"x\"}}");
    expect_bad("{\"jsonrpc\":\"2.0\",\"id\":1}");
    expect_bad("[]");
    expect_bad("{\"result\":{}}");
    expect_bad("{\"result\":{\"block_height\":7,\"block_time\":\"8\"}}");
    expect_bad("{\"result\":{\"block_height\":\"\",\"block_time\":\"8\"}}");
    expect_bad("{\"result\":{\"block_height\":\"7x\",\"block_time\":\"8\"}}");
    expect_bad("{\"result\":{\"block_height\":\"7\",\"block_time\":\"8\",\"gas_price\":1}}");
}

Test(source_injective, one_bad_list_spoils_the_block_before_anything_is_told)
{
    expect_bad(BLOCK("\"bank_balances\":[{\"account\":\"a\"}],\"positions\":{},"));
    expect_bad(BLOCK("\"bank_balances\":[{\"account\":\"a\"}],\"positions\":[1],"));
}

Test(source_injective, a_block_is_one_unit_and_accounts_have_the_short_history)
{
    cr_expect_eq(normalise(BLOCK("\"bank_balances\":[{\"account\":\"inj1a\"}],"
                                 "\"oracle_prices\":[{\"symbol\":\"A\"}],"
                                 "\"subaccount_deposits\":[{\"subaccount_id\":\"0xs\"}],")),
                 0);
    cr_expect_str_eq(kept, "injective.bank_balances stream part;"
                           "injective.bank_balances.account.inj1a entity part;"
                           "injective.subaccount_deposits stream part;"
                           "injective.subaccount_deposits.subaccount.0xs entity part;"
                           "injective.oracle_prices stream part;"
                           "injective.oracle_prices.symbol.A stream part;"
                           "injective.block stream end;");
}
