/* wake.c - see wake.h. */
#include "publisher/sources/wake.h"

static void on_idle(uv_idle_t *idle)
{
    struct wake *w = idle->data;

    uv_idle_stop(idle);
    w->call(w->ctx);
}

static void on_timer(uv_timer_t *timer)
{
    struct wake *w = timer->data;

    w->call(w->ctx);
}

void wake_init(struct wake *w, uv_loop_t *loop, wake_fn *call, void *ctx)
{
    uv_idle_init(loop, &w->idle);
    uv_timer_init(loop, &w->timer);
    w->idle.data = w->timer.data = w;
    w->call = call;
    w->ctx = ctx;
}

void wake_after(struct wake *w, uint64_t ms)
{
    uv_timer_stop(&w->timer);
    uv_idle_stop(&w->idle);
    if (ms > 0)
        uv_timer_start(&w->timer, on_timer, ms, 0);
    else
        uv_idle_start(&w->idle, on_idle);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct wake *w = handle->data;

    w->closed(w->ctx);
}

static void on_idle_closed(uv_handle_t *handle)
{
    struct wake *w = handle->data;

    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

void wake_close(struct wake *w, wake_fn *closed)
{
    w->closed = closed;
    uv_timer_stop(&w->timer);
    uv_close((uv_handle_t *)&w->idle, on_idle_closed);
}
