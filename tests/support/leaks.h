/* leaks.h - in a build with the address sanitizer, a test that ends with memory lost fails.
 *
 * Criterion ends a test's process without the checks that the sanitizer does at exit, so whoever
 * wants to know asks at the end of the test, e.g. in its suite's .fini.
 */
#ifndef TESTS_LEAKS_H
#define TESTS_LEAKS_H

#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

static inline void no_leaks(void)
{
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0)
        abort();
#endif
}

#endif
