/* notify.h - tells a service manager how we are: systemd's notification protocol, nothing but texts
 * sent to the Unix socket that NOTIFY_SOCKET names. Without that variable every call does nothing.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdint.h>
#include <uv.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=one line"; several are separated by \n. What
 * cannot be sent is lost: the manager then does what it does with a program that is silent. */
void notify(const char *text);

/* Milliseconds between two WATCHDOG=1, half of what the manager allows (WATCHDOG_USEC, meant for
 * this process by WATCHDOG_PID); 0: it does not watch. */
uint64_t notify_watchdog_ms(void);

/* Initialise the timer, and send WATCHDOG=1 by it for as long as the loop turns, where somebody
 * watches. It does not keep the loop alive; the caller closes it in any case. */
void notify_watchdog_start(uv_loop_t *loop, uv_timer_t *timer);

#endif
