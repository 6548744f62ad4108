/* market_sink.c - see market_sink.h. */
#include "publisher/market_sink.h"

#include <inttypes.h>
#include <string.h>

#include "common/stream_name.h"

void market_sink_fini(struct market_sink *s)
{
    text_free(&s->text);
}

static void put(struct market_sink *s, const char *text)
{
    text_add_bytes(&s->text, text, strlen(text));
}

static void put_string(struct market_sink *s, const char *member, const char *value)
{
    put(s, member);
    text_add_json(&s->text, value, strlen(value));
}

static void put_decimal(struct market_sink *s, const struct decimal *d)
{
    char buf[DECIMAL_TEXT_MAX + 2];
    size_t len = decimal_write(d, buf + 1);

    buf[0] = buf[len + 1] = '"';
    text_add_bytes(&s->text, buf, len + 2);
}

static void begin(struct market_sink *s, const struct market_place *place)
{
    s->text.len = 0;
    s->text.failed = false;
    put_string(s, "{\"venue\":", place->venue);
    put_string(s, ",\"market\":", place->market);
    put_string(s, ",\"market_id\":", place->market_id);
    text_add(&s->text, ",\"time_ms\":%" PRIu64 ",\"height\":%" PRIu64, place->time_ms,
             place->height);
}

/* Name the stream and hand over; the event has all but stream and data. */
static void end(struct market_sink *s, const char *kind, const struct market_place *place,
                struct event *event)
{
    char name[STREAM_NAME_MAX + 1], *at = stpcpy(name, kind);

    at = stpcpy(stpcpy(at, place->venue), ".");
    at += stream_name_encode(place->market, strlen(place->market), at);
    put(s, "}");
    if (s->text.failed) {
        s->counts.unreadable++;
        return;
    }
    event->stream = name;
    event->stream_len = (size_t)(at - name);
    event->data = s->text.at;
    event->data_len = s->text.len;
    s->emit(s->ctx, event);
}

void market_sink_trade(struct market_sink *s, const struct market_place *place,
                       const struct market_trade *trade)
{
    struct event event = {
        .tag = trade->id, .tag_len = trade->id_len, .history = EVENT_HISTORY_STREAM};

    begin(s, place);
    if (trade->id) {
        put(s, ",\"id\":");
        text_add_json(&s->text, trade->id, trade->id_len);
    }
    put(s, trade->buy ? ",\"side\":\"buy\"" : ",\"side\":\"sell\"");
    put(s, ",\"price\":");
    put_decimal(s, &trade->price);
    put(s, ",\"quantity\":");
    put_decimal(s, &trade->quantity);
    s->counts.trades++;
    end(s, "trade.", place, &event);
}

static void put_levels(struct market_sink *s, const char *member, const struct market_level *levels,
                       size_t n)
{
    put(s, member);
    for (size_t i = 0; i < n; i++) {
        put(s, i ? ",[" : "[");
        put_decimal(s, &levels[i].price);
        put(s, ",");
        put_decimal(s, &levels[i].quantity);
        put(s, "]");
    }
    put(s, "]");
}

static void put_seq(struct market_sink *s, const char *member, uint64_t seq)
{
    text_add(&s->text, ",\"%s\":\"%" PRIu64 "\"", member, seq);
}

void market_sink_book(struct market_sink *s, const struct market_place *place,
                      const struct market_book_view *book)
{
    struct event event = {.keep_last = true};

    begin(s, place);
    if (book->seq > 0)
        put_seq(s, "seq", book->seq);
    put(s, book->complete ? ",\"complete\":true" : ",\"complete\":false");
    put_levels(s, ",\"bids\":[", book->bids, book->n_bids);
    put_levels(s, ",\"asks\":[", book->asks, book->n_asks);
    s->counts.books++;
    end(s, "book.", place, &event);
}

void market_sink_stale(struct market_sink *s, const struct market_place *place, uint64_t seq,
                       uint64_t expected)
{
    struct event event = {.keep_last = true};

    begin(s, place);
    put_seq(s, "seq", seq);
    put_seq(s, "expected", expected);
    put(s, ",\"stale\":true");
    s->counts.stale++;
    end(s, "book.", place, &event);
}
