/* publish_socketio.c - the streams s0, s1, ... as rooms of Socket.IO, in the form in which its
 * Redis adapter publishes: MessagePack of [sender, packet, options] on socket.io#/#<room>#. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_util.h"
#include "tests/bench/publish.h"

enum { PACKET_ROOM = 256, COMMAND_ROOM = 256, EVENT = 2 /* type of a Socket.IO packet */ };

struct pack {
    uint8_t *at;
};

static void put_byte(struct pack *m, unsigned byte)
{
    *m->at++ = (uint8_t)byte;
}

static void put_bytes(struct pack *m, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0)
        put_byte(m, (unsigned)(value >> 8 * bytes) & 0xff);
}

static void put_number(struct pack *m, uint64_t value)
{
    put_byte(m, 0xcf);
    put_bytes(m, value, 8);
}

static void put_map(struct pack *m, unsigned n)
{
    put_byte(m, 0x80 | n);
}

static void put_array(struct pack *m, unsigned n)
{
    put_byte(m, 0x90 | n);
}

static void put_text(struct pack *m, const char *text)
{
    size_t len = strlen(text); /* below 32 */
    put_byte(m, 0xa0 | (unsigned)len);
    memcpy(m->at, text, len);
    m->at += len;
}

static void put_padding(struct pack *m, size_t len)
{
    put_byte(m, 0xdb);
    put_bytes(m, len, 4);
    memset(m->at, 'x', len);
    m->at += len;
}

/* {n, t, p}, as long in JSON as the other kinds' */
static void put_data(struct pack *m, const struct publisher *p, uint64_t n)
{
    uint64_t now = bench_now_us();
    size_t len =
        (size_t)snprintf(NULL, 0, "{\"n\":%" PRIu64 ",\"t\":%" PRIu64 ",\"p\":\"\"}", n, now);
    put_map(m, 3);
    put_text(m, "n");
    put_number(m, n);
    put_text(m, "t");
    put_number(m, now);
    put_text(m, "p");
    put_padding(m, p->size > len ? p->size - len : 0);
}

static size_t write_packet(const struct publisher *p, const char *room, uint64_t n, uint8_t *out)
{
    struct pack m = {out};
    put_array(&m, 3);
    put_text(&m, "bench");
    put_map(&m, 3);
    put_text(&m, "type");
    put_byte(&m, EVENT);
    put_text(&m, "data");
    put_array(&m, 2);
    put_text(&m, "m");
    put_map(&m, 2);
    put_text(&m, "stream");
    put_text(&m, room);
    put_text(&m, "data");
    put_data(&m, p, n);
    put_text(&m, "nsp");
    put_text(&m, "/");
    put_map(&m, 3);
    put_text(&m, "rooms");
    put_array(&m, 1);
    put_text(&m, room);
    put_text(&m, "except");
    put_array(&m, 0);
    put_text(&m, "flags");
    put_map(&m, 0);
    return (size_t)(m.at - out);
}

static void add(struct publisher *p, uint64_t stream, uint64_t n)
{
    static uint8_t packet[PUBLISH_SIZE_MAX + PACKET_ROOM];
    char room[24], channel[64];
    sprintf(room, "s%" PRIu64, stream);
    int channel_len = snprintf(channel, sizeof channel, "socket.io#/#%s#", room);
    size_t len = write_packet(p, room, n, packet);
    char *at = publish_room(p, len + COMMAND_ROOM);
    p->len += (size_t)snprintf(at, COMMAND_ROOM, "*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%zu\r\n",
                               channel_len, channel, len);
    memcpy(p->out + p->len, packet, len);
    memcpy(p->out + p->len + len, "\r\n", 2);
    p->len += len + 2;
    publish_sent(p);
}

static void tick(struct publisher *p, uint64_t n)
{
    for (uint64_t stream = 0; stream < p->streams; stream++)
        add(p, stream, n);
}

const struct publish_kind publish_socketio = {.name = "socketio", .tick = tick};
