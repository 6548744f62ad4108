/* bench_injective.h - the blocks that publisher and clients of the Injective dialect agree on.
 *
 * A block has a spot trade in each of so many markets, and three parts that everybody gets: a
 * derivative trade and an order book of one market, and an oracle price.
 */
#ifndef BENCH_INJECTIVE_H
#define BENCH_INJECTIVE_H

#include <inttypes.h>

#define BENCH_MARKET "0x%064" PRIx64 /* of a number below 2^64 */
#define BENCH_SHARED_MARKET "0xbeef"

enum { BENCH_PARTS = 4 }; /* of a block, at a client */

#endif
