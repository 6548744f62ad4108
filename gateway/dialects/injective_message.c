/* injective_message.c - see injective_message.h. */
#include "gateway/dialects/injective_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "gateway/hub.h"

void injective_message_fini(struct injective_message *im)
{
    free(im->index);
    *im = (struct injective_message){0};
}

void injective_message_forget(struct injective_message *im)
{
    im->stream = NULL;
}

/* Digits between quotes, or a bare number: a publisher of somebody else's may write either. */
static bool read_number(struct json_value value, uint64_t *out)
{
    if (value.kind == JSON_NUMBER)
        return json_uint64(value, out) == 0;
    if (value.kind != JSON_STRING)
        return false; /* without a value there are no bytes to look into */
    struct json_value digits = {value.at + 1, value.len - 2, JSON_NUMBER};
    return digits.len > 0 && digits.len <= INJECTIVE_HEIGHT_MAX && json_uint64(digits, out) == 0;
}

static struct span inside(struct json_value list)
{
    struct span s = {list.at + 1, list.len - 2};

    while (s.len > 0 && strchr(" \t\r\n", s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && strchr(" \t\r\n", s.at[s.len - 1]))
        s.len--;
    return s;
}

static bool read(struct injective_message *im, const struct message *m,
                 const struct injective_type *type)
{
    struct json_value root;
    uint64_t time;

    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) < 0)
        return false;
    im->height_text = json_member(root, "block_height", JSON_STRICT);
    im->time = json_member(root, "block_time", JSON_STRICT);
    if (!read_number(im->height_text, &im->height) || !read_number(im->time, &time))
        return false;
    if (!type) {
        im->gas_price = json_member(root, "gas_price", JSON_STRICT);
        im->missed = json_member(root, "missed", JSON_STRICT).kind == JSON_ARRAY;
        return im->gas_price.kind == JSON_STRING || im->gas_price.kind == JSON_NONE;
    }
    im->list = json_member(root, type->event, JSON_STRICT);
    if (im->list.kind != JSON_ARRAY)
        return false;
    im->events = inside(im->list);
    return true;
}

bool injective_message_read(struct injective_message *im, const struct stream *stream,
                            const struct message *m, const struct injective_type *type)
{
    if (im->stream == stream && im->number == stream->messages)
        return im->good;
    im->stream = stream;
    im->number = stream->messages;
    im->indexed = im->counted = false;
    im->good = read(im, m, type);
    return im->good;
}

static int reserve(struct injective_message *im)
{
    if (im->n_events < im->index_cap)
        return 0;
    size_t cap = im->index_cap ? im->index_cap * 2 : 64;
    struct injective_event *bigger = realloc(im->index, cap * sizeof *bigger);
    if (!bigger)
        return -ENOMEM;
    im->index = bigger;
    im->index_cap = cap;
    return 0;
}

int injective_message_index(struct injective_message *im, const struct injective_type *type)
{
    struct json_iter it = json_iter(im->list, JSON_STRICT);

    if (im->indexed)
        return 0;
    im->n_events = 0;
    while (json_next(&it)) {
        if (reserve(im) < 0)
            return -ENOMEM;
        struct injective_event *event = &im->index[im->n_events++];
        event->span = (struct span){it.value.at, it.value.len};
        for (unsigned k = 0; k < type->n_keys; k++)
            event->values[k] = injective_value(it.value, &type->keys[k]);
    }
    im->indexed = true;
    return 0;
}
