/* Market data of all venues in one schema. */
#include "publisher/market_data.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/leaks.h"

static struct market_data market;
static char error[MARKET_DATA_ERROR_MAX], told[8192];
static struct event last;

static void note(void *ctx, const struct event *e)
{
    size_t at = strlen(told);

    (void)ctx;
    snprintf(told + at, sizeof told - at, "%.*s|%.*s|%.*s;", (int)e->stream_len, e->stream,
             (int)e->tag_len, e->tag ? e->tag : "", (int)e->data_len, e->data);
    last = *e;
}

static struct market_data_settings settings = {
    .on = true, .levels = 3, .injective_markets = "", .drift_markets = ""};

static void set_up(void)
{
    told[0] = '\0';
    cr_assert_eq(market_data_init(&market, &settings, error), 0, "%s", error);
}

static void tear_down(void)
{
    market_data_fini(&market);
    no_leaks();
}

TestSuite(market_data, .init = set_up, .fini = tear_down);

static void take(const char *stream, const char *tag, const char *data)
{
    const struct event event = {.stream = stream,
                                .stream_len = strlen(stream),
                                .tag = *tag ? tag : NULL,
                                .tag_len = strlen(tag),
                                .data = data,
                                .data_len = strlen(data),
                                .block = EVENT_BLOCK_PART};

    told[0] = '\0';
    market_data_take(&market, &event, note, NULL);
}

#define FILL(more)                                                                                 \
    "{\"ts\":1790000043,\"baseAssetAmountFilled\":1.76,\"quoteAssetAmountFilled\":250.078224,"     \
    "\"slot\":431870118,\"fillRecordId\":5244928" more "}"

Test(market_data, a_drift_fill_is_a_trade_at_the_quotient_of_its_amounts)
{
    take("trades_perp_0", "5244928",
         FILL(",\"takerOrderDirection\":\"short\",\"makerOrderDirection\":null"));
    cr_expect_str_eq(told, "trade.drift.SOL-PERP|5244928|{\"venue\":\"drift\",\"market\":"
                           "\"SOL-PERP\",\"market_id\":\"perp_0\",\"time_ms\":1790000043000,"
                           "\"height\":431870118,\"id\":\"5244928\",\"side\":\"sell\",\"price\":"
                           "\"142.0899\",\"quantity\":\"1.76\"};");
    cr_expect_eq(last.history, EVENT_HISTORY_STREAM);
    cr_expect_eq(market.sink.counts.trades, 1u);
}

Test(market_data, a_fill_without_a_takers_order_has_the_side_opposite_to_the_makers)
{
    take("trades_perp_0", "1", FILL(",\"makerOrderDirection\":\"short\""));
    cr_expect(strstr(told, "\"side\":\"buy\""));
    take("trades_perp_0", "1", FILL(",\"makerOrderDirection\":\"long\""));
    cr_expect(strstr(told, "\"side\":\"sell\""));
}

#define BOOK(bids, asks)                                                                           \
    "{\"bids\":[" bids "],\"asks\":[" asks "],\"marketName\":\"x\",\"ts\":1790000040595,"          \
    "\"slot\":431870113}"
#define LEVEL(p, s) "{\"price\":" p ",\"size\":" s ",\"sources\":{\"dlob\":1}}"

Test(market_data, a_drift_book_has_its_integers_with_the_point_where_the_market_has_it)
{
    take("orderbook_perp_0", "",
         BOOK(LEVEL("142089900", "17330000000"), LEVEL("\"142090100\"", "\"20080000001\"")));
    cr_expect_str_eq(told, "book.drift.SOL-PERP||{\"venue\":\"drift\",\"market\":\"SOL-PERP\","
                           "\"market_id\":\"perp_0\",\"time_ms\":1790000040595,\"height\":"
                           "431870113,\"complete\":true,\"bids\":[[\"142.0899\",\"17.33\"]],"
                           "\"asks\":[[\"142.0901\",\"20.080000001\"]]};");
    cr_expect(last.keep_last);
    take("orderbook_spot_0", "", BOOK(LEVEL("999900", "1500000"), ""));
    cr_expect(strstr(told, "\"bids\":[[\"0.9999\",\"1.5\"]]"), "%s", told);
    cr_expect_eq(strncmp(told, "book.drift.USDC|", 16), 0, "%s", told);
}

Test(market_data, a_book_has_no_more_levels_than_asked_for)
{
    take("orderbook_perp_0", "",
         BOOK(LEVEL("4", "1") "," LEVEL("3", "1") "," LEVEL("2", "0") "," LEVEL("1", "1") "," LEVEL(
                  "0.5", "1"),
              ""));
    cr_expect(strstr(told, "[[\"0.000004\",\"0.000000001\"],[\"0.000003\",\"0.000000001\"],"
                           "[\"0.000001\",\"0.000000001\"]]"),
              "%s", told);
}

Test(market_data, other_views_of_a_book_and_other_streams_are_left_alone)
{
    const char *streams[] = {"orderbook_perp_0_grouped_1",
                             "orderbook_perp_0_grouped_1_indicative",
                             "priorityFees_perp_0",
                             "trades_perp_",
                             "trades_perp_x",
                             "trades_swap_1",
                             "injective.spot_orders",
                             "injective.spot_trades.market.0x1",
                             "trade.SOL_USDC"};

    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        take(streams[i], "", "{\"x\":1}");
        cr_expect_str_eq(told, "", "%s", streams[i]);
    }
    cr_expect_eq(market.sink.counts.unreadable, 0u);
}

Test(market_data, an_unknown_market_goes_by_its_index_and_has_a_book_if_it_is_perpetual)
{
    take("orderbook_perp_999", "", BOOK(LEVEL("1000000", "1000000000"), ""));
    cr_expect_eq(strncmp(told, "book.drift.perp_999|", 20), 0, "%s", told);
    take("orderbook_spot_999", "", BOOK(LEVEL("1000000", "1000000000"), ""));
    cr_expect_str_eq(told, "");
    cr_expect_eq(market.sink.counts.unreadable, 1u);
}

Test(market_data, what_cannot_be_read_is_counted_and_makes_nothing)
{
    const char *bad[][2] = {
        {"trades_perp_0", "{}"},
        {"trades_perp_0", FILL("")},
        {"trades_perp_0", "{\"ts\":1,\"slot\":1,\"takerOrderDirection\":\"long\","
                          "\"baseAssetAmountFilled\":0,\"quoteAssetAmountFilled\":1}"},
        {"orderbook_perp_0", "{\"ts\":1,\"slot\":1,\"bids\":[]}"},
        {"orderbook_perp_0", BOOK(LEVEL("true", "1"), "")},
        {"orderbook_perp_0", BOOK("7", "")},
        {"injective.spot_trades", "{\"spot_trades\":[]}"},
        {"injective.spot_trades", "{\"block_height\":\"1\",\"block_time\":\"2\",\"spot_trades\":"
                                  "[{\"executionType\":\"Market\"}]}"},
        {"injective.spot_orderbook_updates",
         "{\"block_height\":\"1\",\"block_time\":\"2\",\"spot_orderbook_updates\":[7]}"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        take(bad[i][0], "", bad[i][1]);
        cr_expect_str_eq(told, "", "%s", bad[i][1]);
        cr_expect_eq(market.sink.counts.unreadable, i + 1, "%s", bad[i][1]);
    }
}

/* ---- Injective ------------------------------------------------------------------------------- */

#define BLOCK(type, events)                                                                        \
    "{\"block_height\":\"131204885\",\"block_time\":\"1790000046432\",\"" type "\":[" events "]}"
#define SPOT_TRADE(how, more)                                                                      \
    "{\"market_id\":\"0x0611\",\"executionType\":\"" how "\",\"quantity\":"                        \
    "\"1.000000000000000000\",\"price\":\"24.500000000000000000\"," more                           \
    "\"trade_id\":\"131204885_0\"}"

Test(market_data, an_injective_match_is_told_once_as_the_takers)
{
    take("injective.spot_trades", "131204885",
         BLOCK("spot_trades", SPOT_TRADE("LimitFill", "") "," SPOT_TRADE(
                                  "Market", "\"is_buy\":true,") "," SPOT_TRADE("Synthetic", "")));
    cr_expect_str_eq(told, "trade.injective.0x0611|131204885_0|{\"venue\":\"injective\","
                           "\"market\":\"0x0611\",\"market_id\":\"0x0611\",\"time_ms\":"
                           "1790000046432,\"height\":131204885,\"id\":\"131204885_0\",\"side\":"
                           "\"buy\",\"price\":\"24.5\",\"quantity\":\"1\"};");
    cr_expect_eq(last.block, EVENT_NO_BLOCK);
}

Test(market_data, a_derivative_trade_has_its_amounts_in_its_position)
{
    take("injective.derivative_trades", "131204885",
         BLOCK("derivative_trades",
               "{\"market_id\":\"0x57\",\"executionType\":\"LimitMatchNewOrder\","
               "\"position_delta\":{\"execution_quantity\":\"0.0258\",\"execution_price\":"
               "\"64231.7\"},\"trade_id\":\"a b\"}"));
    cr_expect(strstr(told, "\"height\":131204885,\"side\":\"sell\",\"price\":\"64231.7\","
                           "\"quantity\":\"0.0258\"}"),
              "%s", told);
}

static void update(const char *stream, const char *seq, const char *levels)
{
    char data[600];

    snprintf(data, sizeof data,
             BLOCK("spot_orderbook_updates",
                   "{\"seq\":\"%s\",\"orderbook\":{\"market_id\":\"0x0611\",%s}}"),
             seq, levels);
    take(stream, "131204885", data);
}

#define UPDATES "injective.spot_orderbook_updates"
#define SNAPSHOTS "injective.spot_orderbook_snapshots"
#define BUY(p, q) "\"buy_levels\":[{\"p\":\"" p "\",\"q\":\"" q "\"}]"

Test(market_data, an_injective_book_is_kept_from_its_updates)
{
    update(UPDATES, "77", BUY("24.400000000000000000", "2.500000000000000000"));
    cr_expect_str_eq(told, "book.injective.0x0611||{\"venue\":\"injective\",\"market\":\"0x0611\","
                           "\"market_id\":\"0x0611\",\"time_ms\":1790000046432,\"height\":"
                           "131204885,\"seq\":\"77\",\"complete\":false,\"bids\":[[\"24.4\","
                           "\"2.5\"]],\"asks\":[]};");
    update(UPDATES, "78", "\"sell_levels\":[{\"p\":\"24.6\",\"q\":\"1\"}]");
    cr_expect(strstr(told, "\"seq\":\"78\",\"complete\":false,\"bids\":[[\"24.4\",\"2.5\"]],"
                           "\"asks\":[[\"24.6\",\"1\"]]}"),
              "%s", told);
    update(UPDATES, "79", BUY("24.4", "0.000000000000000000"));
    cr_expect(strstr(told, "\"bids\":[],\"asks\":[[\"24.6\",\"1\"]]}"), "%s", told);
}

Test(market_data, a_hole_in_the_updates_is_said_once_and_a_snapshot_mends_the_book)
{
    update(UPDATES, "77", BUY("24.4", "1"));
    update(UPDATES, "79", BUY("24.5", "1"));
    cr_expect(strstr(told, "\"seq\":\"79\",\"expected\":\"78\",\"stale\":true}"), "%s", told);
    cr_expect(last.keep_last);
    cr_expect_eq(market.sink.counts.stale, 1u);
    update(UPDATES, "80", BUY("24.5", "1"));
    cr_expect_str_eq(told, "");
    update(SNAPSHOTS, "80", BUY("24.3", "4"));
    cr_expect(strstr(told, "\"seq\":\"80\",\"complete\":true,\"bids\":[[\"24.3\",\"4\"]]"), "%s",
              told);
    update(UPDATES, "81", BUY("24.5", "1"));
    cr_expect(strstr(told, "\"bids\":[[\"24.5\",\"1\"],[\"24.3\",\"4\"]]"), "%s", told);
}

Test(market_data, a_level_that_cannot_be_read_makes_the_book_stale)
{
    update(UPDATES, "77", BUY("24.4", "1"));
    update(UPDATES, "78", BUY("24.4", "many"));
    cr_expect(strstr(told, "\"stale\":true"), "%s", told);
    update(UPDATES, "79", BUY("24.4", "1"));
    cr_expect_str_eq(told, "");
}

Test(market_data, books_begin_anew_when_a_recording_does)
{
    update(UPDATES, "77", BUY("24.4", "1"));
    market_data_again(&market);
    update(UPDATES, "50", BUY("24.1", "1"));
    cr_expect(strstr(told, "\"seq\":\"50\",\"complete\":false,\"bids\":[[\"24.1\",\"1\"]]"), "%s",
              told);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void load_names(const char *text, int wanted)
{
    char path[] = "/tmp/sluice-test-XXXXXX";
    int fd = mkstemp(path);
    struct market_data_settings named = settings;

    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    market_data_fini(&market);
    named.injective_markets = path;
    cr_expect_eq(market_data_init(&market, &named, error), wanted, "%s", text);
    unlink(path);
}

Test(market_data, a_market_with_a_name_is_called_by_it)
{
    load_names("# names\n 0x0611 , INJ/USDT\n0x02,B\n", 0);
    update(UPDATES, "77", BUY("24.4", "1"));
    cr_expect_eq(strncmp(told, "book.injective.INJ%2FUSDT||", 26), 0, "%s", told);
    cr_expect(strstr(told, "\"market\":\"INJ/USDT\",\"market_id\":\"0x0611\""), "%s", told);
}

Test(market_data, a_file_of_names_that_is_wrong_is_named_with_its_line)
{
    load_names("0x1,A\n0x2\n", -EINVAL);
    cr_expect(strstr(error, "injective-markets: /tmp/sluice-test-") &&
                  strstr(error, ":2: not ID,NAME"),
              "%s", error);
    load_names("0x1,A\n0x1,B\n", -EINVAL);
    cr_expect(strstr(error, "0x1 is there twice"), "%s", error);
}

Test(market_data, off_it_makes_nothing)
{
    struct market_data_settings off = {0};

    market_data_fini(&market);
    cr_assert_eq(market_data_init(&market, &off, error), 0);
    take("trades_perp_0", "1", FILL(",\"takerOrderDirection\":\"long\""));
    market_data_again(&market);
    cr_expect_str_eq(told, "");
}
