/* wheel.c - see wheel.h. */
#include "gateway/wheel.h"

void wheel_init(struct wheel *w, uint64_t now_ms)
{
    for (int i = 0; i < WHEEL_SLOTS; i++)
        list_init(&w->slots[i]);
    w->now_tick = now_ms / WHEEL_TICK_MS;
}

void wheel_entry_init(struct wheel_entry *e)
{
    list_init(&e->in_slot);
    e->due_ms = 0;
}

static uint64_t tick_of(uint64_t ms)
{
    return (ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

void wheel_set(struct wheel *w, struct wheel_entry *e, uint64_t due_ms)
{
    uint64_t tick = tick_of(due_ms);

    list_remove(&e->in_slot);
    if (tick <= w->now_tick)
        tick = w->now_tick + 1;
    e->due_ms = due_ms;
    list_append(&w->slots[tick % WHEEL_SLOTS], &e->in_slot);
}

void wheel_stop(struct wheel_entry *e)
{
    list_remove(&e->in_slot);
}

/* A deadline more than one round away stays in its slot until its round has come. */
static void run_slot(struct wheel *w, struct list *slot, wheel_due_fn *due, void *ctx)
{
    struct list todo;

    list_init(&todo);
    while (!list_empty(slot)) {
        struct list *node = slot->next;
        list_remove(node);
        list_append(&todo, node);
    }
    while (!list_empty(&todo)) {
        struct wheel_entry *e = list_first(&todo, struct wheel_entry, in_slot);
        list_remove(&e->in_slot);
        if (tick_of(e->due_ms) > w->now_tick)
            list_append(slot, &e->in_slot);
        else
            due(e, ctx);
    }
}

void wheel_run(struct wheel *w, uint64_t now_ms, wheel_due_fn *due, void *ctx)
{
    uint64_t until = now_ms / WHEEL_TICK_MS;

    /* After a long pause of the process every slot is due once, not once per missed round. */
    if (until > w->now_tick + WHEEL_SLOTS)
        w->now_tick = until - WHEEL_SLOTS;
    while (w->now_tick < until) {
        w->now_tick++;
        run_slot(w, &w->slots[w->now_tick % WHEEL_SLOTS], due, ctx);
    }
}
