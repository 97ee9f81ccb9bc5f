/* Clients of HTTP that want no answer but trouble: a few hundred connections at once that sit
 * idle, ask byte by byte, do not read, flood, send garbage or far too much.
 *
 *   rude ADDRESS PORT PATH SECONDS     at the end it prints how much it did */
#include "base/check.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS 240
#define TICK_MS 20
#define HOLD_MS 3000 /* then one that is still there begins anew */

enum kind { IDLE, DRIP, DEAF, FLOOD, GARBAGE, HUGE, CHURN, KINDS };

struct slot {
    int fd; /* -1: none */
    int64_t since_ms;
    size_t sent;
};

static struct {
    struct sockaddr_in to;
    char request[512];
    char noise[65536];
    struct slot slots[SLOTS];
    unsigned long connects, refused, sent, received;
} rude;

static void drop(struct slot *slot)
{
    close(slot->fd);
    slot->fd = -1;
}

static void begin(struct slot *slot, int64_t now_ms)
{
    *slot = (struct slot){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                          .since_ms = now_ms};
    CHECK(slot->fd >= 0);
    rude.connects++;
    if (connect(slot->fd, (struct sockaddr *)&rude.to, sizeof rude.to) != 0 &&
        errno != EINPROGRESS) {
        rude.refused++;
        drop(slot);
    }
}

static void say(struct slot *slot, const char *text, size_t len)
{
    ssize_t sent = send(slot->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent > 0)
        slot->sent += (size_t)sent;
    if (sent > 0)
        rude.sent += (unsigned long)sent;
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN)
        drop(slot);
}

static void hear(struct slot *slot)
{
    char bytes[16384];
    ssize_t len = recv(slot->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (len > 0)
        rude.received += (unsigned long)len;
    else if (len == 0 || (errno != EAGAIN && errno != ENOTCONN))
        drop(slot);
}

static void act(struct slot *slot, enum kind kind)
{
    size_t len = strlen(rude.request);

    switch (kind) {
    case DRIP:
        say(slot, slot->sent < len - 4 ? &rude.request[slot->sent] : "a", 1);
        break;
    case DEAF:
        say(slot, rude.request, len);
        return;
    case FLOOD:
        say(slot, rude.request, len);
        break;
    case GARBAGE:
        say(slot, rude.noise, 1000);
        break;
    case HUGE:
        say(slot, slot->sent == 0 ? "GET / HTTP/1.1\r\nX: " : rude.noise,
            slot->sent == 0 ? 19 : 9999);
        break;
    case CHURN:
        drop(slot);
        return;
    default:
        break;
    }
    if (slot->fd >= 0)
        hear(slot);
}

static void tick(int64_t now_ms)
{
    size_t i;

    for (i = 0; i < SLOTS; i++) {
        struct slot *slot = &rude.slots[i];

        if (slot->fd >= 0 && now_ms - slot->since_ms > HOLD_MS)
            drop(slot);
        if (slot->fd < 0)
            begin(slot, now_ms);
        else
            act(slot, (enum kind)(i % KINDS));
    }
}

int main(int argc, char **argv)
{
    int64_t now_ms = clock_boot_ms(), end_ms;
    size_t i;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &rude.to.sin_addr) != 1) {
        fprintf(stderr, "Usage: rude ADDRESS PORT PATH SECONDS\n");
        return 2;
    }
    rude.to.sin_family = AF_INET;
    rude.to.sin_port = htons((uint16_t)atoi(argv[2]));
    snprintf(rude.request, sizeof rude.request, "GET %.200s HTTP/1.1\r\nHost: x\r\n\r\n", argv[3]);
    for (i = 0; i < sizeof rude.noise; i++)
        rude.noise[i] = (char)(i * 7919 >> 3);
    for (i = 0; i < SLOTS; i++)
        rude.slots[i].fd = -1;
    for (end_ms = now_ms + 1000LL * atoi(argv[4]); now_ms < end_ms; now_ms = clock_boot_ms()) {
        tick(now_ms);
        poll(NULL, 0, TICK_MS);
    }
    printf("connects %lu refused %lu sent %lu received %lu\n", rude.connects, rude.refused,
           rude.sent, rude.received);
    return 0;
}
