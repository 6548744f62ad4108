/* binance_answer.c - see binance_answer.h. */
#include "gateway/dialects/binance_answer.h"

#include <stdio.h>
#include <string.h>

#include "gateway/client.h"

void binance_reply(struct client *c, struct text *t)
{
    if (t->failed)
        client_close(c, CLOSE_no_memory);
    else
        client_reply(c, &(struct span){t->at, t->len}, 1);
    text_free(t);
}

void binance_result(struct client *c, const struct binance_request *r, struct span value)
{
    const struct span parts[] = {
        SPAN("{\"result\":"), value, SPAN(",\"id\":"), {r->id.at, r->id.len}, SPAN("}")};

    client_reply(c, parts, 5);
}

void binance_refuse_text(struct client *c, int code, const char *msg, size_t len)
{
    struct text t = {0};

    client_bad_request(c);
    text_add(&t, "{\"code\":%d,\"msg\":", code);
    text_add_json(&t, msg, len);
    text_add(&t, "}");
    binance_reply(c, &t);
}

void binance_refuse(struct client *c, int code, const char *msg)
{
    binance_refuse_text(c, code, msg, strlen(msg));
}

/* "… at line 1 column 28": where the reader of the original stands when it finds the fault. */
void binance_refuse_at(struct client *c, int code, const char *msg, const char *text, size_t offset)
{
    struct text t = {0};
    size_t line, column;

    json_line_column(text, offset, &line, &column);
    text_add(&t, "%s at line %zu column %zu", msg, line, column);
    if (t.failed)
        client_close(c, CLOSE_no_memory);
    else
        binance_refuse_text(c, code, t.at, t.len);
    text_free(&t);
}

void binance_refuse_with_id(struct client *c, const struct binance_request *r, const char *msg)
{
    const struct span parts[] = {SPAN("{\"error\":{\"code\":2,\"msg\":\"Invalid request: "),
                                 {msg, strlen(msg)},
                                 SPAN("\"},\"id\":"),
                                 {r->id.at, r->id.len},
                                 SPAN("}")};

    client_bad_request(c);
    client_reply(c, parts, 5);
}

void binance_refuse_missing(struct client *c, const struct binance_request *r, const char *field)
{
    char msg[80];

    snprintf(msg, sizeof msg, "Invalid request: missing field `%s`", field);
    binance_refuse_at(c, 2, msg, r->text, (size_t)(r->root.at + r->root.len - 1 - r->text));
}
