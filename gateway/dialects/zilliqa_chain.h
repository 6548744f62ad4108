/* zilliqa_chain.h - what one process holds of the block that is being made.
 *
 *   EventLog.A, TxnLog.B --zilliqa_chain_part()--> parts by (topic, address)
 *   NewBlock             --zilliqa_chain_end()---> the block is whole: every view takes its parts
 *
 * The parts of a block are kept once per process and not once per view: ten thousand clients that
 * name one contract in ten thousand different requests share them, and a client whose request
 * changes in the middle of a block loses nothing of what came before. Each part is rendered once
 * per profile, when the first view wants it.
 *
 * A part is the one message of its stream for its block, so a block is known by height alone.
 * Parts of an unfinished height are discarded when a newer epoch speaks: the new leader sends that
 * block whole again. A finished height is not repeated, unless the chain has begun anew.
 */
#ifndef GATEWAY_DIALECTS_ZILLIQA_CHAIN_H
#define GATEWAY_DIALECTS_ZILLIQA_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_span.h"
#include "common/table.h"
#include "common/text.h"
#include "common/zilliqa_address.h"
#include "gateway/listen_address.h"

struct message;
struct stream;

/* What a client can subscribe to, in the order in which a notification has it. */
enum zilliqa_topic { ZILLIQA_NEW_BLOCK, ZILLIQA_EVENT_LOG, ZILLIQA_TXN_LOG, ZILLIQA_TOPICS };

extern const char *const zilliqa_topic_names[ZILLIQA_TOPICS];

enum {
    ZILLIQA_PROFILES = 2,         /* PROFILE_DOC, PROFILE_NODE */
    ZILLIQA_BLOCK_MAX = 64 << 20, /* bytes of parts held; a block with more is overfull */
    ZILLIQA_STREAM_NAME_MAX = 7 + 1 + 8 + 1 + ZILLIQA_ADDRESS_HEX, /* zilliqa.EventLog.<address> */
};

/* The name of a topic's stream; no address for NewBlock. Returns its length; no NUL. */
size_t zilliqa_stream_name(enum zilliqa_topic topic, const struct zilliqa_address *address,
                           char name[ZILLIQA_STREAM_NAME_MAX]);

struct zilliqa_chain {
    struct table parts; /* of the block at hand, or of the one that has just ended */
    size_t bytes;       /* of the parts */
    bool overfull;      /* it had more than ZILLIQA_BLOCK_MAX, or memory was short */
    bool ended;         /* its end has come: what comes next is another block's */
    uint64_t epoch;     /* of the newest message seen */
    uint64_t height;    /* of the parts: BlockNum + 1; 0: not known, or none are held */
    uint64_t finished, finished_epoch,
        finished_us;                 /* the last that ended: height, its end's head */
    struct json_value block, hashes; /* TxBlock, TxHashes: borrowed, during the end's delivery */
    struct text new_block[ZILLIQA_PROFILES];
    /* Which message was last taken: each view that listens brings it again. */
    const struct stream *seen_stream;
    uint64_t seen_number;
    bool seen_verdict;
};

int zilliqa_chain_init(struct zilliqa_chain *chain); /* 0; -ENOMEM */
void zilliqa_chain_fini(struct zilliqa_chain *chain);

/* One message of EventLog.<address> or TxnLog.<address>. False: it is no such message. */
bool zilliqa_chain_part(struct zilliqa_chain *chain, const struct stream *stream,
                        const struct message *m, enum zilliqa_topic topic,
                        const struct zilliqa_address *address);

/* One message of NewBlock. True: a block has ended with it, and until the message has been handed
 * to every listener the three below tell what is in it. */
bool zilliqa_chain_end(struct zilliqa_chain *chain, const struct stream *stream,
                       const struct message *m);

/* The value of a NewBlock entry: {"TxBlock":…,"TxHashes":…}. NULL: out of memory. */
const struct text *zilliqa_chain_new_block(struct zilliqa_chain *chain, enum profile profile);

/* The element of an EventLog's or TxnLog's value for that address; NULL: nothing happened there. */
const struct text *zilliqa_chain_entry(struct zilliqa_chain *chain, enum zilliqa_topic topic,
                                       const struct zilliqa_address *address, enum profile profile);

/* Free what has ended; not while a message is being delivered. */
void zilliqa_chain_tidy(struct zilliqa_chain *chain);

/* Nobody listens any more: streams that come from here on are new ones. */
void zilliqa_chain_idle(struct zilliqa_chain *chain);

#endif
