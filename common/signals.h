/* signals.h - the signals that end or reload a program wait until somebody listens to them.
 *
 *   main() --signals_hold()--> [settings, sockets] --signals_take()--> [the loop] --signals_leave()
 *
 * Their default is to kill. One that comes before the handlers are there is not lost and kills
 * nobody: it is delivered by signals_take(). One that comes after the handlers have gone says what
 * is being done already. A child of fork() inherits what is held.
 */
#ifndef COMMON_SIGNALS_H
#define COMMON_SIGNALS_H

/* SIGTERM, SIGINT and SIGHUP wait: the first thing that main() does. */
void signals_hold(void);

/* The handlers are there, or none are wanted: whatever waits is delivered now. */
void signals_take(void);

/* Before the handlers go: SIGTERM and SIGHUP wait for ever. SIGINT does not, so that somebody at a
 * terminal can cut an end short. */
void signals_leave(void);

#endif
