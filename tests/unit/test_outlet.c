/* What a queue holds goes out in few large writes, in order, and no frame is ever torn apart. */
#include "gateway/outlet.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "gateway/counters.h"
#include "gateway/queue.h"
#include "tests/support/leaks.h"

enum { READ_MAX = 8 << 20 };

static struct outlet outlet;
static struct counters counters;
static struct queue_pool pool;
static struct queue q, other;
static struct span rest;
static int ends[2]; /* we write to the first and read from the second */
static char *read_bytes;
static size_t n_read, n_deflated;

/* What the socket holds: much, or little where writes are to be cut. */
static void hold(int bytes)
{
    cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
}

static void set_up(void)
{
    cr_assert_eq(outlet_init(&outlet, &counters), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    hold(1 << 20);
    queue_init(&q, &pool);
    queue_init(&other, &pool);
    read_bytes = malloc(READ_MAX);
}

static void tear_down(void)
{
    queue_clear(&q);
    queue_clear(&other);
    outlet_fini(&outlet);
    outlet_fini(&outlet); /* twice does no harm */
    close(ends[0]);
    close(ends[1]);
    free(read_bytes);
    no_leaks();
}

/* A frame of len bytes in all, whose payload says which it is. */
static struct frame *frame_of(size_t len, char mark)
{
    size_t head = len < 128 ? 2 : len < 65540 ? 4 : 10;
    char *payload = malloc(len);

    memset(payload, mark, len);
    struct frame *f = frame_new(WS_TEXT, &(struct span){payload, len - head}, 1);
    cr_assert_eq(f->len, len);
    free(payload);
    return f;
}

static void push(struct queue *to, struct frame *f)
{
    cr_assert_eq(queue_push(to, f), 0);
}

static void push_new(size_t len, char mark)
{
    struct frame *f = frame_of(len, mark);

    push(&q, f);
    frame_unref(&f);
}

static enum outlet_result write_out(struct queue *from)
{
    return outlet_write(&outlet, ends[0], NULL, from, false, &rest);
}

static enum outlet_result write_deflated(struct queue *from)
{
    return outlet_write(&outlet, ends[0], NULL, from, true, &rest);
}

static void read_all(void)
{
    ssize_t n;

    while ((n = read(ends[1], read_bytes + n_read, READ_MAX - n_read)) > 0)
        n_read += (size_t)n;
}

static void expect_marks(const unsigned char *p, size_t len, char mark)
{
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(p[i], mark, "'%c' where '%c' should be", p[i], mark);
}

/* By a receiver that remembers nothing of earlier messages. */
static void expect_deflated(const unsigned char *p, size_t len, char mark)
{
    static unsigned char out[1 << 20];
    unsigned char *in = malloc(len + 4);
    z_stream z = {0};

    memcpy(in, p, len);
    memcpy(in + len, (unsigned char[]){0, 0, 0xff, 0xff}, 4);
    cr_assert_eq(inflateInit2(&z, -15), Z_OK);
    z.next_in = in, z.avail_in = (uInt)len + 4;
    z.next_out = out, z.avail_out = sizeof out;
    cr_assert_eq(inflate(&z, Z_SYNC_FLUSH), Z_OK);
    cr_assert_eq(z.avail_in, 0u);
    cr_assert_geq(z.total_out, (uLong)DEFLATE_PAYLOAD_MIN);
    expect_marks(out, z.total_out, mark);
    inflateEnd(&z);
    free(in);
}

/* The stream so far is whole frames whose marks are these, one letter for each. */
static void expect_frames(const char *marks)
{
    size_t at = 0;

    read_all();
    for (; *marks; marks++) {
        cr_assert_lt(at + 2, n_read, "nothing where '%c' should be", *marks);
        const unsigned char *p = (const unsigned char *)read_bytes + at;
        size_t len = p[1] < 126 ? p[1] : 0, head = p[1] < 126 ? 2 : p[1] == 126 ? 4 : 10;
        for (size_t i = 2; i < head; i++)
            len = len << 8 | p[i];
        cr_assert(p[0] == 0x81 || p[0] == 0xc1, "no frame begins at %zu", at);
        cr_assert_leq(at + head + len, n_read);
        n_deflated += p[0] == 0xc1;
        if (p[0] == 0xc1)
            expect_deflated(p + head, len, *marks);
        else
            expect_marks(p + head, len, *marks);
        at += head + len;
    }
    cr_expect_eq(at, n_read, "%zu bytes follow the last frame", n_read - at);
    n_read = 0;
}

TestSuite(outlet, .init = set_up, .fini = tear_down);

Test(outlet, one_frame_goes_out_by_itself)
{
    push_new(100, 'a');
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames("a");
    cr_expect_eq(counters.writes, 1u);
    cr_expect_eq(counters.sent_bytes, 100u);
    cr_expect_eq(outlet.batches[false].n_frames, 0u, "nothing was copied");
}

Test(outlet, an_empty_queue_writes_nothing)
{
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    cr_expect_eq(counters.writes, 0u);
}

Test(outlet, several_frames_go_out_in_one_write_in_order)
{
    push_new(10, 'a');
    push_new(200, 'b');
    push_new(30, 'c');
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames("abc");
    cr_expect_eq(counters.writes, 1u);
}

Test(outlet, a_batch_has_at_most_64_kilobytes_and_a_longer_frame_goes_by_itself)
{
    push_new(30000, 'a');
    push_new(30000, 'b');
    push_new(30000, 'c');
    push_new(100000, 'd');
    push_new(20, 'e');
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames("abcde");
    cr_expect_eq(counters.writes, 4u); /* ab, c, d, e */
}

Test(outlet, very_many_small_frames_are_written_in_batches)
{
    struct frame *f = frame_of(3, 'x');
    char marks[3001] = {0};

    memset(marks, 'x', 3000);
    for (int i = 0; i < 3000; i++)
        push(&q, f);
    frame_unref(&f);
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames(marks);
    cr_expect_eq(counters.writes, (3000u + OUTLET_BATCH_FRAMES - 1) / OUTLET_BATCH_FRAMES);
}

Test(outlet, the_next_client_that_is_due_the_same_gets_the_same_bytes_without_copying)
{
    struct frame *a = frame_of(100, 'a'), *b = frame_of(100, 'b');

    push(&q, a), push(&q, b), push(&other, a), push(&other, b);
    frame_unref(&a), frame_unref(&b);
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames("ab");
    outlet.batches[false].bytes[2] = 'Z'; /* shows whether the batch was made anew */
    cr_expect_eq(write_out(&other), OUTLET_EMPTIED);
    read_all();
    cr_expect_eq(read_bytes[2], 'Z');
}

Test(outlet, a_client_that_is_due_other_frames_gets_its_own)
{
    struct frame *a = frame_of(50, 'a'), *b = frame_of(50, 'b'), *c = frame_of(50, 'c');

    push(&q, a), push(&q, b);
    write_out(&q);
    expect_frames("ab");
    push(&q, a), push(&q, b), push(&q, c);
    write_out(&q);
    expect_frames("abc");
    cr_expect_eq(counters.writes, 2u, "what fits into one write goes in one");
    push(&q, a), push(&q, b);
    write_out(&q);
    expect_frames("ab");
    push(&q, b), push(&q, a);
    write_out(&q);
    expect_frames("ba");
    push(&q, a), push(&q, c);
    write_out(&q);
    expect_frames("ac");
    frame_unref(&a), frame_unref(&b), frame_unref(&c);
}

/* The batch holds references: or a new frame could come to lie where a freed one was and be taken
 * for it. */
Test(outlet, frames_that_took_the_place_of_freed_ones_are_not_mistaken_for_them)
{
    for (char mark = 'a'; mark <= 'z'; mark++) {
        char marks[3] = {mark, mark, 0};
        push_new(60, mark);
        push_new(60, mark);
        cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
        expect_frames(marks);
    }
}

/* Fill the socket until it takes nothing at all. */
static void stuff(void)
{
    static const char junk[4096] = {0};
    size_t piece = sizeof junk;

    while (piece > 0)
        if (send(ends[0], junk, piece, MSG_DONTWAIT) < 0)
            piece /= 2;
}

Test(outlet, a_socket_that_takes_nothing_leaves_the_queue_as_it_is)
{
    stuff();
    push_new(100, 'a');
    push_new(100, 'b');
    cr_expect_eq(write_out(&q), OUTLET_FULL);
    cr_expect_eq(q.n, 2u);
    read_all();
    n_read = 0;
    cr_expect_eq(write_out(&q), OUTLET_EMPTIED);
    expect_frames("ab");
}

/* Until the queue is empty: what was cut is finished first, as libwebsockets would. */
static void write_on(struct queue *from, bool deflate, int *cuts)
{
    enum outlet_result result;

    while ((result = outlet_write(&outlet, ends[0], NULL, from, deflate, &rest)) !=
           OUTLET_EMPTIED) {
        read_all();
        if (result == OUTLET_CUT) {
            ++*cuts;
            while (rest.len > 0) {
                ssize_t n = send(ends[0], rest.at, rest.len, MSG_DONTWAIT);
                read_all();
                if (n > 0)
                    rest = (struct span){rest.at + n, rest.len - (size_t)n};
            }
        } else {
            cr_assert_eq(result, OUTLET_FULL);
        }
    }
}

Test(outlet, a_frame_that_was_cut_is_handed_back_and_the_stream_stays_whole)
{
    char marks[17] = {0};
    int cuts = 0;

    hold(32 * 1024);
    for (int i = 0; i < 16; i++) {
        marks[i] = (char)('a' + i % 26);
        push_new(300001, marks[i]);
    }
    write_on(&q, false, &cuts);
    cr_expect_gt(cuts, 0);
    expect_frames(marks);
}

Test(outlet, a_batch_may_be_cut_within_any_of_its_frames)
{
    static char marks[20001];
    int cuts = 0;

    hold(32 * 1024);
    for (int i = 0; i < 20000; i++) {
        marks[i] = (char)('a' + i % 26);
        push_new(97, marks[i]);
    }
    write_on(&q, false, &cuts);
    cr_expect_gt(cuts, 0);
    expect_frames(marks);
}

/* *rest is valid until the next call, also when nobody else holds the frame any more. */
Test(outlet, the_rest_of_a_cut_frame_outlives_the_queue)
{
    hold(32 * 1024);
    for (int i = 0; i < 10; i++)
        push_new(300000, 'a');
    cr_assert_eq(write_out(&q), OUTLET_CUT);
    queue_clear(&q);
    cr_assert_gt(rest.len, 0u);
    for (size_t i = 0; i < rest.len; i++)
        cr_assert_eq(rest.at[i], 'a');
}

Test(outlet, a_broken_socket_is_told)
{
    close(ends[1]);
    ends[1] = -1;
    push_new(100, 'a');
    cr_expect_eq(write_out(&q), OUTLET_FAILED);
}

/* ---- for clients that negotiated permessage-deflate ---------------------------------------------
 */

Test(outlet, the_twin_goes_out_where_there_is_one_and_the_frame_itself_where_not)
{
    push_new(1000, 'a');
    push_new(100, 'b');
    push_new(50000, 'c');
    push_new(1000, 'd');
    cr_expect_eq(write_deflated(&q), OUTLET_EMPTIED);
    expect_frames("abcd");
    cr_expect_eq(n_deflated, 3u);
    cr_expect_eq(counters.writes, 1u);
    cr_expect_eq(counters.deflated, 3u);
    push_new(70000, 'e'); /* too long for a batch when it is plain */
    push_new(1000, 'f');
    cr_expect_eq(write_deflated(&q), OUTLET_EMPTIED);
    expect_frames("ef");
    cr_expect_eq(counters.writes, 2u);
}

Test(outlet, a_frame_is_compressed_once_and_only_when_somebody_needs_it)
{
    struct frame *a = frame_of(1000, 'a');

    push(&q, a);
    write_out(&q);
    cr_expect_null(a->twin);
    for (int i = 0; i < 10; i++) {
        push(&q, a);
        write_deflated(&q);
    }
    cr_expect_eq(counters.deflated, 1u);
    cr_expect_eq(a->twin->refs, 1u);
    frame_unref(&a);
    expect_frames("aaaaaaaaaaa");
    cr_expect_eq(n_deflated, 10u);
}

Test(outlet, batches_of_both_kinds_are_kept_side_by_side_and_never_mixed)
{
    struct frame *a = frame_of(500, 'a'), *b = frame_of(500, 'b');

    for (int i = 0; i < 3; i++) {
        push(&q, a), push(&q, b), push(&other, a), push(&other, b);
        cr_expect_eq(write_deflated(&q), OUTLET_EMPTIED);
        expect_frames("ab");
        cr_expect_eq(n_deflated, 2u);
        n_deflated = 0;
        cr_expect_eq(write_out(&other), OUTLET_EMPTIED);
        expect_frames("ab");
        cr_expect_eq(n_deflated, 0u);
    }
    cr_expect_eq(outlet.batches[false].len, 1000u);
    cr_expect_lt(outlet.batches[true].len, 100u);
    cr_expect_eq(a->refs, 3u, "ours, and one in each batch");
    frame_unref(&a), frame_unref(&b);
}

Test(outlet, the_next_client_that_negotiated_gets_the_same_bytes_without_copying)
{
    struct frame *a = frame_of(500, 'a'), *b = frame_of(500, 'b');

    push(&q, a), push(&q, b), push(&other, a), push(&other, b);
    frame_unref(&a), frame_unref(&b);
    write_deflated(&q);
    expect_frames("ab");
    outlet.batches[true].bytes[2] = 'Z';
    write_deflated(&other);
    read_all();
    cr_expect_eq(read_bytes[2], 'Z');
}

/* Noise: what zlib makes of it is long enough to be cut. */
static struct frame *noise(size_t len, unsigned *seed)
{
    char *payload = malloc(len);

    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 1103515245u + 12345u;
        payload[i] = (char)('0' + (*seed >> 16) % 40);
    }
    struct frame *f = frame_new(WS_TEXT, &(struct span){payload, len}, 1);
    free(payload);
    return f;
}

Test(outlet, a_twin_may_be_cut_like_any_frame_and_what_waits_is_counted_by_the_plain_ones)
{
    enum { FRAMES = 200, LEN = 20000 };
    static unsigned char wanted[FRAMES * LEN];
    size_t n = 0;
    unsigned seed = 1;
    int cuts = 0;

    hold(32 * 1024);
    for (int i = 0; i < FRAMES; i++) {
        struct frame *f = noise(LEN - 4, &seed);
        const struct frame *twin = deflater_twin(&outlet.deflater, f);
        cr_assert_lt(twin->len, f->len);
        memcpy(wanted + n, twin->bytes, twin->len);
        n += twin->len;
        push(&q, f);
        cr_expect_eq(q.bytes, ((size_t)i + 1) * LEN);
        frame_unref(&f);
    }
    write_on(&q, true, &cuts);
    cr_expect_gt(cuts, 0);
    read_all();
    cr_assert_eq(n_read, n);
    cr_expect_arr_eq(read_bytes, wanted, n);
}
