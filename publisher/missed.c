/* missed.c - see missed.h. */
#include "publisher/missed.h"

#include <string.h>

static struct missed_chain *find(const struct missed *m, const char *stream, size_t len)
{
    for (unsigned i = 0; i < m->n; i++)
        if (m->chains[i].len == len && memcmp(m->chains[i].stream, stream, len) == 0)
            return (struct missed_chain *)(uintptr_t)&m->chains[i];
    return NULL;
}

void missed_note(struct missed *m, const char *stream, size_t len, uint64_t from, uint64_t to)
{
    struct missed_chain *chain = find(m, stream, len);

    if (!chain && m->n == MISSED_CHAINS_MAX)
        return;
    if (!chain) {
        chain = &m->chains[m->n++];
        memcpy(chain->stream, stream, len);
        chain->len = (uint16_t)len;
        chain->to = 0;
    }
    if (chain->to == 0 || from < chain->from)
        chain->from = from;
    if (to > chain->to)
        chain->to = to;
}

bool missed_before(const struct missed *m, const struct entry *end, uint64_t *from, uint64_t *to)
{
    const struct missed_chain *chain = find(m, entry_stream(end), end->stream_len);
    uint64_t height;

    if (!chain || chain->to == 0 || !entry_height(end, &height) || chain->to >= height)
        return false;
    *from = chain->from;
    *to = chain->to;
    return true;
}

void missed_said(struct missed *m, const struct entry *end)
{
    struct missed_chain *chain = find(m, entry_stream(end), end->stream_len);

    if (chain)
        chain->to = 0;
}
