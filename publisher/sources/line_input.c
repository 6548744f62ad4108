/* line_input.c - see line_input.h. */
#include "publisher/sources/line_input.h"

void line_input_init(struct line_input *in, struct source *source, size_t line_max)
{
    *in = (struct line_input){.source = source};
    line_reader_init(&in->reader, line_max);
}

void line_input_fini(struct line_input *in)
{
    line_reader_fini(&in->reader);
}

static void report(struct line_input *in, const char *why)
{
    const struct source_host *host = in->source->host;
    struct bad_line bad = {.number = in->lines, .why = why, .raw = in->raw, .raw_len = in->raw_len};

    host->bad(host->ctx, in->source, &bad);
}

bool line_input_next(struct line_input *in, struct event_line *line)
{
    char why[EVENT_LINE_WHY_MAX];
    enum line_result result;

    while ((result = line_reader_next(&in->reader, &in->raw, &in->raw_len)) != LINE_NONE) {
        in->lines++;
        if (result == LINE_TOO_LONG) {
            in->raw = NULL;
            report(in, "longer than max-event, or than half of backlog");
        } else if (event_line_blank(in->raw, in->raw_len)) {
            continue;
        } else if (event_line_read(in->raw, in->raw_len, line, why) == 0) {
            return true;
        } else {
            report(in, why);
        }
    }
    return false;
}

static void emit(void *ctx, const struct event *event)
{
    struct line_input *in = ctx;
    const struct source_host *host = in->source->host;
    const char *wrong = host->event(host->ctx, in->source, event);

    if (wrong)
        report(in, wrong);
}

void line_input_emit(struct line_input *in, const struct event_line *line)
{
    char why[EVENT_LINE_WHY_MAX];

    if (event_line_emit(line, emit, in, why) < 0)
        report(in, why);
}

bool line_input_pump(struct line_input *in)
{
    struct event_line line;

    while (!in->source->paused) {
        if (!line_input_next(in, &line))
            return true;
        line_input_emit(in, &line);
    }
    return false;
}
