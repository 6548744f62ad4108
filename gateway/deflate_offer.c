/* deflate_offer.c - see deflate_offer.h. */
#include "gateway/deflate_offer.h"

#include <stddef.h>
#include <string.h>

enum { SEEN_CLIENT_RESETS = 1, SEEN_SERVER_RESETS = 2, SEEN_CLIENT_BITS = 4 };

struct word {
    const char *at;
    size_t len;
};

static const char *skip_spaces(const char *at)
{
    return at + strspn(at, " ");
}

/* A token (RFC 7230, 3.2.6); empty where there is none. Moves *at past it and what spaces follow.
 */
static struct word take_token(const char **at)
{
    static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *begin = skip_spaces(*at);
    struct word word = {begin, strspn(begin, chars)};

    *at = skip_spaces(begin + word.len);
    return word;
}

static bool is(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* 8 to 15, without a zero in front (RFC 7692, 7.1.2.2). */
static bool is_window(struct word value)
{
    const char *at = value.at;

    return (value.len == 1 && (*at == '8' || *at == '9')) ||
           (value.len == 2 && *at == '1' && at[1] >= '0' && at[1] <= '5');
}

/* One parameter; value.at is NULL where it has none. Nothing may come twice. */
static bool take_parameter(struct deflate_offer *offer, unsigned *seen, struct word name,
                           struct word value)
{
    unsigned which = 0;

    if (is(name, "client_no_context_takeover") && !value.at) {
        which = SEEN_CLIENT_RESETS;
        offer->client_no_context_takeover = true;
    } else if (is(name, "server_no_context_takeover") && !value.at)
        which = SEEN_SERVER_RESETS;
    else if (is(name, "client_max_window_bits") && (!value.at || is_window(value)))
        which = SEEN_CLIENT_BITS;
    bool fine = which && !(*seen & which);
    *seen |= which;
    return fine;
}

/* From behind an extension's name up to the comma or the end. False: not as the grammar has it. */
static bool take_parameters(const char **at, struct deflate_offer *offer)
{
    unsigned seen = 0;

    *offer = (struct deflate_offer){.usable = true};
    while (**at == ';') {
        ++*at;
        struct word name = take_token(at), value = {0};
        if (name.len == 0)
            return false;
        if (**at == '=') {
            ++*at;
            value = take_token(at);
            if (value.len == 0)
                return false;
        }
        if (!take_parameter(offer, &seen, name, value))
            offer->usable = false;
    }
    return **at == ',' || **at == '\0';
}

unsigned deflate_offers(const char *header, struct deflate_offer *last)
{
    const char *at = skip_spaces(header);
    unsigned n = 0;

    *last = (struct deflate_offer){0};
    while (*at) {
        struct deflate_offer offer;
        struct word name = take_token(&at);
        if (name.len == 0 && *at == ',') { /* lists may have empty elements */
            at++;
            continue;
        }
        if (name.len == 0 || !take_parameters(&at, &offer))
            return 0;
        if (is(name, "permessage-deflate")) {
            *last = offer;
            n++;
        }
        at += *at == ',';
    }
    return n;
}
