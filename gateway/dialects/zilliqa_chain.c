/* zilliqa_chain.c - see zilliqa_chain.h. */
#include "gateway/dialects/zilliqa_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_pretty.h"
#include "common/message.h"
#include "gateway/hub.h"

enum {
    ANEW_US = 10 * 1000000,
    NEW_BLOCK_DEPTH = 3, /* of a value in a notification: object, array, object */
    ENTRY_DEPTH = 4,     /* of an element of such a value */
};

const char *const zilliqa_topic_names[ZILLIQA_TOPICS] = {"NewBlock", "EventLog", "TxnLog"};

/* The member that holds what happened at an address. */
static const char *const list_names[ZILLIQA_TOPICS] = {NULL, "event_logs", "log"};

struct part {
    struct table_node node;
    enum zilliqa_topic topic;
    struct zilliqa_address address;
    struct text rendered[ZILLIQA_PROFILES];
    size_t len;
    char json[]; /* the array of what happened */
};

size_t zilliqa_stream_name(enum zilliqa_topic topic, const struct zilliqa_address *address,
                           char name[ZILLIQA_STREAM_NAME_MAX])
{
    size_t len = strlen(zilliqa_topic_names[topic]);

    memcpy(name, "zilliqa.", 8);
    memcpy(name + 8, zilliqa_topic_names[topic], len);
    len += 8;
    if (!address)
        return len;
    name[len++] = '.';
    zilliqa_address_write(address, name + len);
    return len + ZILLIQA_ADDRESS_HEX;
}

/* ---- the parts held ------------------------------------------------------------------------- */

static void discard(struct zilliqa_chain *chain)
{
    for (struct table_node *node = table_next(&chain->parts, NULL), *next; node; node = next) {
        struct part *part = table_entry(node, struct part, node);
        next = table_next(&chain->parts, node);
        table_remove(&chain->parts, node);
        for (int i = 0; i < ZILLIQA_PROFILES; i++)
            text_free(&part->rendered[i]);
        free(part);
    }
    for (int i = 0; i < ZILLIQA_PROFILES; i++)
        text_free(&chain->new_block[i]);
    chain->bytes = 0;
    chain->height = 0;
    chain->overfull = chain->ended = false;
}

int zilliqa_chain_init(struct zilliqa_chain *chain)
{
    *chain = (struct zilliqa_chain){0};
    return table_init(&chain->parts);
}

void zilliqa_chain_fini(struct zilliqa_chain *chain)
{
    discard(chain);
    table_fini(&chain->parts);
}

void zilliqa_chain_tidy(struct zilliqa_chain *chain)
{
    if (chain->ended)
        discard(chain);
}

void zilliqa_chain_idle(struct zilliqa_chain *chain)
{
    chain->seen_stream = NULL;
}

static uint64_t part_hash(const struct zilliqa_chain *chain, enum zilliqa_topic topic,
                          const struct zilliqa_address *address)
{
    uint8_t key[1 + ZILLIQA_ADDRESS_BYTES];

    key[0] = (uint8_t)topic;
    memcpy(key + 1, address, sizeof *address);
    return table_hash(&chain->parts, key, sizeof key);
}

static struct part *find(const struct zilliqa_chain *chain, enum zilliqa_topic topic,
                         const struct zilliqa_address *address)
{
    table_each_match(node, &chain->parts, part_hash(chain, topic, address))
    {
        struct part *part = table_entry(node, struct part, node);
        if (part->topic == topic && memcmp(&part->address, address, sizeof *address) == 0)
            return part;
    }
    return NULL;
}

static void keep(struct zilliqa_chain *chain, enum zilliqa_topic topic,
                 const struct zilliqa_address *address, struct json_value list)
{
    if (find(chain, topic, address))
        return; /* one message per block and stream: this one is a repeat */
    struct part *part =
        chain->bytes + list.len <= ZILLIQA_BLOCK_MAX ? calloc(1, sizeof *part + list.len) : NULL;
    if (!part) {
        chain->overfull = true;
        return;
    }
    part->topic = topic;
    part->address = *address;
    part->len = list.len;
    memcpy(part->json, list.at, list.len);
    chain->bytes += list.len;
    table_insert(&chain->parts, &part->node, part_hash(chain, topic, address));
}

/* ---- which block a message belongs to ------------------------------------------------------- */

/* BlockNum + 1; 0 where it is none. */
static uint64_t height_of_text(const char *at, size_t len)
{
    uint64_t number;

    if (json_uint64((struct json_value){at, len, JSON_NUMBER}, &number) < 0)
        return 0;
    return number < UINT64_MAX ? number + 1 : 0;
}

static uint64_t height_of(struct json_value number)
{
    const char *at = number.at;
    size_t len = number.len;

    if (number.kind == JSON_STRING ? !json_string_plain(number, &at, &len)
                                   : number.kind != JSON_NUMBER)
        return 0;
    return len > 0 ? height_of_text(at, len) : 0;
}

/* False: an older epoch speaks, whose writer has been replaced. A message without a head, of
 * somebody else's publisher, has no epoch. */
static bool enter_epoch(struct zilliqa_chain *chain, const struct message *m)
{
    if (!m->has_head || m->epoch == chain->epoch)
        return true;
    if (m->epoch < chain->epoch)
        return false;
    chain->epoch = m->epoch;
    discard(chain);
    return true;
}

/* Does a block of a height that is finished, or a lower one, begin the chain anew (a recording that
 * is played again, a test network that was reset)? One and the same writer never goes back
 * otherwise. A new one repeats blocks that it had when the old one had them, so before the last one
 * finished, give or take two clocks. */
static bool begins_anew(const struct zilliqa_chain *chain, uint64_t height, const struct message *m)
{
    if (chain->epoch == chain->finished_epoch && height < chain->finished)
        return true;
    return m->has_head && m->time_us > chain->finished_us + ANEW_US;
}

static bool is_over(const struct zilliqa_chain *chain, uint64_t height, const struct message *m)
{
    return chain->finished != 0 && height != 0 && height <= chain->finished &&
           !begins_anew(chain, height, m);
}

/* Make room for parts of that height; what is held of another is of no use any more. */
static void enter_height(struct zilliqa_chain *chain, uint64_t height)
{
    if (chain->ended || (height != 0 && chain->height != 0 && chain->height != height))
        discard(chain);
    if (height != 0)
        chain->height = height;
}

/* Has this very message been here before, brought by another view? */
static bool seen(struct zilliqa_chain *chain, const struct stream *stream)
{
    if (chain->seen_stream == stream && chain->seen_number == stream->messages)
        return true;
    chain->seen_stream = stream;
    chain->seen_number = stream->messages;
    return false;
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool take_part(struct zilliqa_chain *chain, const struct message *m,
                      enum zilliqa_topic topic, const struct zilliqa_address *address)
{
    struct json_value root, list;

    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) < 0)
        return false;
    list = root.kind == JSON_ARRAY ? root : json_member(root, list_names[topic], JSON_STRICT);
    if (list.kind != JSON_ARRAY)
        return false;
    uint64_t height = m->tag ? height_of_text(m->tag, m->tag_len) : 0;
    if (height == 0)
        height = height_of(json_member(root, "BlockNum", JSON_STRICT));
    if (!enter_epoch(chain, m) || is_over(chain, height, m))
        return true;
    enter_height(chain, height);
    struct json_iter it = json_iter(list, JSON_STRICT);
    if (json_next(&it))
        keep(chain, topic, address, list);
    return true;
}

bool zilliqa_chain_part(struct zilliqa_chain *chain, const struct stream *stream,
                        const struct message *m, enum zilliqa_topic topic,
                        const struct zilliqa_address *address)
{
    return seen(chain, stream) || take_part(chain, m, topic, address);
}

static bool take_end(struct zilliqa_chain *chain, const struct message *m)
{
    struct json_value root;

    if (json_check(m->data, m->data_len, JSON_STRICT, &root, NULL) < 0)
        return false;
    chain->block = json_member(root, "TxBlock", JSON_STRICT);
    chain->hashes = json_member(root, "TxHashes", JSON_STRICT);
    struct json_value header = json_member(chain->block, "header", JSON_STRICT);
    uint64_t height = height_of(json_member(header, "BlockNum", JSON_STRICT));
    if (height == 0 && m->tag)
        height = height_of_text(m->tag, m->tag_len);
    if (height == 0 || !enter_epoch(chain, m) || is_over(chain, height, m))
        return false;
    enter_height(chain, height);
    chain->ended = true;
    chain->finished = height;
    chain->finished_epoch = chain->epoch;
    chain->finished_us = m->time_us;
    return true;
}

bool zilliqa_chain_end(struct zilliqa_chain *chain, const struct stream *stream,
                       const struct message *m)
{
    if (!seen(chain, stream))
        chain->seen_verdict = take_end(chain, m);
    return chain->seen_verdict;
}

/* ---- what is in a block --------------------------------------------------------------------- */

/* The original writes what its jsoncpp makes of the same values. */
static void add_value(struct text *t, struct json_value value, enum profile profile, unsigned depth)
{
    if (profile == PROFILE_NODE)
        json_pretty_member(t, value, JSON_STRICT, JSON_PRETTY_JSONCPP, depth);
    else
        json_compact(t, value, JSON_STRICT);
}

static const struct text *made(struct text *t)
{
    if (!t->failed)
        return t;
    text_free(t);
    return NULL;
}

const struct text *zilliqa_chain_new_block(struct zilliqa_chain *chain, enum profile profile)
{
    static const struct json_value none = {"[]", 2, JSON_ARRAY}, null = {"null", 4, JSON_NULL};
    struct text *t = &chain->new_block[profile];
    bool node = profile == PROFILE_NODE;

    if (t->len > 0)
        return t;
    text_add(t, node ? "{\n\t\t\t\t\"TxBlock\" : " : "{\"TxBlock\":");
    add_value(t, chain->block.kind ? chain->block : null, profile, NEW_BLOCK_DEPTH + 1);
    text_add(t, node ? ",\n\t\t\t\t\"TxHashes\" : " : ",\"TxHashes\":");
    add_value(t, chain->hashes.kind ? chain->hashes : none, profile, NEW_BLOCK_DEPTH + 1);
    text_add(t, node ? "\n\t\t\t}" : "}");
    return made(t);
}

const struct text *zilliqa_chain_entry(struct zilliqa_chain *chain, enum zilliqa_topic topic,
                                       const struct zilliqa_address *address, enum profile profile)
{
    struct part *part = find(chain, topic, address);
    char hex[ZILLIQA_ADDRESS_HEX];

    if (!part)
        return NULL;
    struct text *t = &part->rendered[profile];
    if (t->len > 0)
        return t;
    zilliqa_address_write(address, hex);
    /* The document writes addresses with 0x, the server without. */
    text_add(t,
             profile == PROFILE_NODE ? "{\n\t\t\t\t\t\"address\" : \"%.*s\",\n\t\t\t\t\t\"%s\" : "
                                     : "{\"address\":\"0x%.*s\",\"%s\":",
             ZILLIQA_ADDRESS_HEX, hex, list_names[topic]);
    add_value(t, (struct json_value){part->json, part->len, JSON_ARRAY}, profile, ENTRY_DEPTH + 1);
    text_add(t, profile == PROFILE_NODE ? "\n\t\t\t\t}" : "}");
    return made(t);
}
