/* bench_accounts.h - accounts that the measuring programs are given: one a line in a file.
 *
 * The first half are those of the clients, in their order. The other half are strangers: valid,
 * and nobody's.
 */
#ifndef BENCH_ACCOUNTS_H
#define BENCH_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

enum { BENCH_ACCOUNT_SIZE = 65 + 1 }; /* "nano_", sixty digits, and NUL */

/* Zero-initialised is empty. */
struct bench_accounts {
    char (*names)[BENCH_ACCOUNT_SIZE];
    uint64_t n;
};

/* Dies when the file cannot be read or a line has another length. */
void bench_accounts_read(struct bench_accounts *a, const char *path);
void bench_accounts_fini(struct bench_accounts *a);

#endif
