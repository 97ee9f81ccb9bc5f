/* The connections: who is let in, how many, and for how long. */
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "web/inside.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_MAX 64     /* in one go */
#define UNSENT (32 << 10) /* bytes that wait in the kernel: slow readers get what is new */
#define GUESTS_MAX 64     /* of an audience */
#define HOST_MAX 16       /* from one address; a proxy on this machine may have all */

static int64_t deadline(int64_t now_ms, int patience_ms)
{
    return now_ms + patience_ms;
}

void guest_suspend(struct guest *guest)
{
    CHECK(!guest->suspended);
    guest->suspended = true;
    MHD_suspend_connection(guest->connection);
}

void guest_resume(struct guest *guest)
{
    if (!guest->suspended)
        return;
    guest->suspended = false;
    MHD_resume_connection(guest->connection);
}

/* libmicrohttpd finds the end of the connection and closes it. `hard`: what is still to be
 * sent is forgotten, too. */
static void cut(struct guest *guest, bool hard)
{
    struct linger now = {.l_onoff = 1};

    if (hard)
        setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    shutdown(guest->fd, SHUT_RDWR);
    guest->cut = true;
    guest_resume(guest);
}

/* ---- coming and going ---- */

static void begin(struct server *server, struct MHD_Connection *connection, void **context)
{
    const struct arrival *arrival = &server->arrival;
    struct guest *guest = mem_zalloc(1, sizeof *guest);

    *guest = (struct guest){
        .server = server,
        .connection = connection,
        .fd = arrival->fd,
        .audience = arrival->audience,
        .from = arrival->from,
        .adopted = arrival->adopted,
        .state = GUEST_IDLE,
        .deadline_ms = deadline(clock_boot_ms(), server->patience.request_ms),
    };
    LIST_INSERT_HEAD(&server->guests, guest, entry);
    server->connections[guest->audience]++;
    server->open[guest->audience]++;
    *context = guest;
}

static void end(struct server *server, struct guest *guest)
{
    CHECK(guest->sending == NULL && guest->page == NULL);
    LIST_REMOVE(guest, entry);
    server->open[guest->audience]--;
    mem_free(guest);
}

void guest_notify(void *server, struct MHD_Connection *connection, void **socket_context,
                  enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        begin(server, connection, socket_context);
    else
        end(server, *socket_context);
}

/* ---- who is let in ---- */

/* Idle, or taking an answer for longer than it takes those who want it. */
static bool can_wait(const struct guest *guest, int64_t now_ms)
{
    int64_t left_ms = guest->deadline_ms - now_ms;

    return guest->state == GUEST_IDLE ||
           (guest->state == GUEST_ANSWERED && left_ms < guest->server->patience.send_ms * 9LL / 10);
}

/* When there are too many, one that can wait makes room: whose time is over first. `host` NULL:
 * of all of this audience. */
static bool make_room(struct server *server, enum web_audience audience, const union address *host,
                      int most)
{
    struct guest *guest, *first = NULL;
    int64_t now_ms = clock_boot_ms();
    int n = 0;

    LIST_FOREACH(guest, &server->guests, entry)
    {
        if (guest->audience != audience || guest->cut ||
            (host != NULL && !address_same_host(&guest->from, host)))
            continue;
        n++;
        if (can_wait(guest, now_ms) && (first == NULL || guest->deadline_ms <= first->deadline_ms))
            first = guest;
    }
    if (n < most)
        return true;
    if (first == NULL)
        return false;
    cut(first, first->state == GUEST_ANSWERED);
    server->refused++;
    return true;
}

static bool admit(struct server *server, const struct arrival *arrival)
{
    if (!arrival->adopted && !address_is_loopback(&arrival->from) &&
        !make_room(server, arrival->audience, &arrival->from, HOST_MAX))
        return false;
    return make_room(server, arrival->audience, NULL, GUESTS_MAX);
}

/* As far as it can be told without waiting. */
static void turn_away(int fd)
{
    char request[1024];

    if (recv(fd, request, sizeof request, MSG_DONTWAIT) != 0 &&
        send(fd, answer_no_room, strlen(answer_no_room), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        shutdown(fd, SHUT_WR);
    close(fd);
}

static void receive(struct server *server, const struct arrival *arrival)
{
    server->arrival = *arrival;
    if (admit(server, arrival)) {
        MHD_add_connection(server->http, arrival->fd, &arrival->from.any, sizeof arrival->from);
    } else {
        server->refused++;
        turn_away(arrival->fd);
    }
}

void guests_accept(struct server *server, enum web_audience audience)
{
    struct arrival arrival = {.audience = audience};
    int i, unsent = UNSENT;
    socklen_t len;

    for (i = 0; i < ACCEPT_MAX; i++) {
        len = sizeof arrival.from;
        arrival.fd = accept4(server->listeners[audience], &arrival.from.any, &len,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (arrival.fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            server->deaf = true;
        if (arrival.fd < 0)
            return;
        setsockopt(arrival.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
        receive(server, &arrival);
    }
}

void guests_adopt(struct server *server, int fd)
{
    struct arrival arrival = {.fd = fd, .audience = WEB_OPERATORS, .adopted = true};

    arrival.from.any.sa_family = AF_UNIX;
    receive(server, &arrival);
}

/* ---- for how long ---- */

static void look(struct guest *guest, int64_t now_ms)
{
    struct server *server = guest->server;

    switch (guest->state) {
    case GUEST_IDLE:
        if (now_ms < guest->deadline_ms)
            return;
        server->slow += !guest->asked;
        cut(guest, false);
        break;
    case GUEST_ANSWERED:
        if (now_ms < guest->deadline_ms)
            return;
        server->slow++;
        cut(guest, true);
        break;
    case GUEST_WAITING:
        if (now_ms >= guest->deadline_ms)
            guest_resume(guest);
        break;
    case GUEST_LISTENING:
        if (!guest->suspended && now_ms - guest->moved_ms >= server->patience.send_ms) {
            server->slow++;
            cut(guest, true);
        } else {
            stream_look(guest, now_ms);
        }
        break;
    }
}

void guests_look(struct server *server, int64_t now_ms)
{
    struct guest *guest;

    LIST_FOREACH(guest, &server->guests, entry)
    if (!guest->cut)
        look(guest, now_ms);
}

void guests_resume_waiting(struct server *server, const struct page *page)
{
    struct guest *guest;

    LIST_FOREACH(guest, &server->guests, entry)
    if (guest->state == GUEST_WAITING && guest->page == page)
        guest_resume(guest);
}

void guests_farewell(struct server *server)
{
    struct guest *guest;

    LIST_FOREACH(guest, &server->guests, entry)
    guest_resume(guest);
}
