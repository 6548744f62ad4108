/* drift_request.c - see drift_request.h.
 *
 * As the server reads it: type, marketType, channel and market in any case (of ASCII letters); of
 * repeated keys the last one; other members are ignored. `grouping` counts by the number that its
 * text begins with, and the text goes into the stream's name as it is.
 */
#include "gateway/dialects/drift_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GROUPING_TEXT_MAX = 64 }; /* a longer text is taken as no valid grouping */

enum channel { BOOK, INDICATIVE_BOOK, TRADES, PRIORITY_FEES };

static const char *const channel_names[] = {"orderbook", "orderbook_indicative", "trades",
                                            "priorityfees"};
static const char *const type_names[] = {[DRIFT_PERP] = "perp", [DRIFT_SPOT] = "spot"};

static struct json_value member(struct json_value root, const char *key)
{
    return json_member(root, key, JSON_LAST_KEY);
}

static struct drift_word word_of(struct json_value value)
{
    struct drift_word word = {0};
    int len = json_decode(value, word.at, sizeof word.at);

    word.len = len > 0 ? (size_t)len : 0;
    return word;
}

static bool word_is(const struct drift_word *word, const char *text)
{
    return word->len == strlen(text) && strncasecmp(word->at, text, word->len) == 0;
}

/* The place of the word among the names; -1: it is none of them. */
static int place_of(const struct drift_word *word, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (word_is(word, names[i]))
            return i;
    return -1;
}

/* The number that a text begins with, as JavaScript's parseInt() finds it; -1: none. */
static long leading_number(const char *text)
{
    text += strspn(text, " \t\n\r\v\f");
    text += *text == '+';
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return strtol(text, NULL, 16);
    return *text >= '0' && *text <= '9' ? strtol(text, NULL, 10) : -1;
}

static bool is_grouping(long number)
{
    return number == 1 || number == 10 || number == 100 || number == 500 || number == 1000;
}

/* A number as JavaScript would write it; only such as can be a grouping. */
static void write_number(struct json_value value, char text[GROUPING_TEXT_MAX + 1])
{
    double number;

    if (value.len > GROUPING_TEXT_MAX)
        return;
    memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    number = strtod(text, NULL);
    if (number >= 1 && number <= 1000 && number == (double)(long)number)
        snprintf(text, GROUPING_TEXT_MAX + 1, "%ld", (long)number);
    else if (strpbrk(text, "eE"))
        *text = '\0';
}

/* The text behind "_grouped_", encoded so that it can stand in a name. */
static void write_grouping(struct json_value value, char name[STREAM_VALUE_MAX + 1])
{
    char text[GROUPING_TEXT_MAX + 1] = "";

    if (value.kind == JSON_STRING) {
        int len = json_decode(value, text, GROUPING_TEXT_MAX);
        text[len < 0 ? 0 : len] = '\0';
    } else if (value.kind == JSON_NUMBER) {
        write_number(value, text);
    }
    if (is_grouping(leading_number(text)))
        stream_name_encode(text, strlen(text), name);
    else
        memcpy(name, "1", 2);
}

/* The document knows no grouping: without one, its clients wait for the name without one. What it
 * is silent about is as the server does it. */
static void name_stream(struct drift_request *r, enum channel channel, const char *type,
                        unsigned index, struct json_value grouping, enum profile profile)
{
    bool grouped = profile == PROFILE_NODE || channel == INDICATIVE_BOOK ||
                   (grouping.kind != JSON_NONE && grouping.kind != JSON_NULL);
    char group[STREAM_VALUE_MAX + 1];
    int n = 0;

    write_grouping(grouping, group);
    if (channel == TRADES)
        n = snprintf(r->stream, sizeof r->stream, "trades_%s_%u", type, index);
    else if (channel == PRIORITY_FEES)
        n = snprintf(r->stream, sizeof r->stream, "priorityFees_%s_%u", type, index);
    else if (grouped)
        n = snprintf(r->stream, sizeof r->stream, "orderbook_%s_%u_grouped_%s%s", type, index,
                     group, channel == INDICATIVE_BOOK ? "_indicative" : "");
    else
        n = snprintf(r->stream, sizeof r->stream, "orderbook_%s_%u", type, index);
    r->stream_len = (size_t)n;
    r->is_book = channel == BOOK || channel == INDICATIVE_BOOK;
}

enum drift_verdict drift_request_read(const char *text, size_t len,
                                      const struct drift_markets *markets, enum profile profile,
                                      struct drift_request *r)
{
    struct json_value root;

    if (json_check(text, len, JSON_LAST_KEY, &root, NULL) < 0)
        return DRIFT_NO_REQUEST;
    struct drift_word type = word_of(member(root, "type"));
    r->subscribe = word_is(&type, "subscribe");
    if (!r->subscribe && !word_is(&type, "unsubscribe"))
        return DRIFT_NO_REQUEST;
    r->channel = member(root, "channel");
    r->channel_word = word_of(r->channel);
    r->market = word_of(member(root, "market"));
    r->market_type = word_of(member(root, "marketType"));
    int channel = place_of(&r->channel_word, channel_names, 4);
    int market_type = place_of(&r->market_type, type_names, 2);
    if (channel < 0 || market_type < 0 || r->market.len == 0)
        return DRIFT_WRONG;
    int index = drift_markets_index(markets, (enum drift_market_type)market_type, r->market.at,
                                    r->market.len);
    if (index < 0)
        return DRIFT_WRONG;
    name_stream(r, (enum channel)channel, type_names[market_type], (unsigned)index,
                member(root, "grouping"), profile);
    return DRIFT_RIGHT;
}
