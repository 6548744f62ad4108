/* fuzz_zilliqa_wishes.c - whatever is wanted and answered, in whatever order: requests keep the
 * server's limit, and the books of what was asked are right. */
#include "publisher/sources/zilliqa_wishes.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_request(void *ctx, const char *text, size_t len)
{
    (void)ctx;
    assert(len <= 2048 && text[0] == '{' && text[len - 1] == '}');
}

static void step(struct zilliqa_wishes *w, unsigned op, unsigned n, uint64_t *now_ms)
{
    static const char none[] = "no contract found in list", other[] = "invalid address";
    struct zilliqa_address address = {.bytes = {(uint8_t)n}};
    enum zilliqa_wish wish = n & 1 ? ZILLIQA_TRANSACTIONS : ZILLIQA_EVENTS;

    switch (op % 8) {
    case 0:
    case 1: zilliqa_wishes_add(w, wish, &address); return;
    case 2: zilliqa_wishes_remove(w, wish, &address); return;
    case 3: zilliqa_wishes_answer(w, NULL, 0, *now_ms); return;
    case 4: zilliqa_wishes_answer(w, none, sizeof none - 1, *now_ms); return;
    case 5: zilliqa_wishes_answer(w, other, sizeof other - 1, *now_ms); return;
    case 6: zilliqa_wishes_tick(w, *now_ms += n * (uint64_t)20000); return;
    case 7:
        if (w->live)
            zilliqa_wishes_lost(w);
        else
            zilliqa_wishes_begin(w, *now_ms);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zilliqa_wishes w;
    uint64_t now_ms = 1;

    if (zilliqa_wishes_init(&w, NULL, on_request, NULL) < 0)
        return 0;
    for (size_t i = 0; i + 1 < size; i += 2) {
        step(&w, data[i], data[i + 1], &now_ms);
        assert(w.n_unanswered <= ZILLIQA_UNANSWERED_MAX);
        assert(w.left <= w.asked);
    }
    zilliqa_wishes_fini(&w);
    return 0;
}
