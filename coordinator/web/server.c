/* The thread: one epoll set of the listening sockets, what the loop hands over, and
 * libmicrohttpd with all connections. */
#include "web/server.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "web/inside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define BACKLOG 256
#define CONNECTIONS 512 /* more than guest.c ever lets in */
/* A request's headers (8 KiB) and what libmicrohttpd keeps of them. */
#define CONNECTION_MEMORY (12 << 10)
#define STACK (256 << 10)
#define NICE 5 /* what else the node does comes first */
#define LOOK_MS 250
#define TROUBLE_MS 60000
#define FAREWELL_ROUNDS 4

/* What an event of the epoll set is about; before them, the audiences. */
enum { WAKE = WEB_AUDIENCES, HTTP };

static const char *const keys[WEB_AUDIENCES] = {"public", "metrics", "operators"};

/* ---- messages ---- */

void server_tell(struct server *server, enum message_kind kind, uint64_t place, int number)
{
    if (mailbox_put(&server->to_loop, message_new(kind, place, number)))
        server->notify(server->notify_context);
}

struct page *server_page(struct server *server, enum web_audience audience, const char *path)
{
    struct page *page, *found = NULL;

    LIST_FOREACH(page, &server->pages, entry)
    if ((page->audience == audience || (audience == WEB_OPERATORS && found == NULL)) &&
        strcmp(page->path, path) == 0)
        found = page;
    return found;
}

static struct page *page_at(struct server *server, uint64_t place)
{
    struct page *page;

    LIST_FOREACH(page, &server->pages, entry)
    if (page->place == place)
        return page;
    return NULL;
}

static void page_put(struct server *server, struct message *message)
{
    struct page *page = page_at(server, message->place);

    if (page == NULL) {
        page = mem_zalloc(1, sizeof *page);
        page->place = message->place;
        page->kind = message->kind;
        page->audience = message->audience;
        page->max_age_ms = message->number;
        memcpy(page->path, message->path, sizeof page->path);
        LIST_INSERT_HEAD(&server->pages, page, entry);
    }
    memcpy(page->type, message->type, sizeof page->type);
    if (message->kind == MESSAGE_PAGE)
        answer_set(page, &message->bytes);
}

static void page_drop(struct server *server, struct page *page)
{
    stream_clear(server, page);
    answer_clear(page);
    LIST_REMOVE(page, entry);
    mem_free(page);
}

static void page_made(struct server *server, struct page *page, struct buf *bytes)
{
    page->asked = false;
    page->made_ms = clock_boot_ms();
    answer_set(page, bytes);
    guests_resume_waiting(server, page);
}

static void obey(struct server *server, struct message *message)
{
    struct page *page = page_at(server, message->place);

    switch (message->kind) {
    case MESSAGE_PAGE:
    case MESSAGE_DYNAMIC:
    case MESSAGE_STREAM:
        page_put(server, message);
        break;
    case MESSAGE_ANSWER:
        page_made(server, page, &message->bytes);
        break;
    case MESSAGE_EVENT:
        stream_event(server, page, &message->bytes);
        break;
    case MESSAGE_WITHDRAW:
        page_drop(server, page);
        break;
    case MESSAGE_ADOPT:
        guests_adopt(server, message->number);
        break;
    case MESSAGE_STOP:
        server->stopping = true;
        break;
    default:
        CHECK(!"a message to this thread");
    }
}

static void read_messages(struct server *server)
{
    struct message *message, *next;
    uint64_t times;

    if (read(server->wake, &times, sizeof times) < 0 && errno != EAGAIN)
        CHECK(!"an event descriptor that can be read");
    for (message = mailbox_take(&server->to_thread); message != NULL; message = next) {
        next = message->next;
        obey(server, message);
        message_free(message);
    }
}

/* ---- the course of time ---- */

/* At most one line a minute, however hostile somebody is. */
static void tell_of_trouble(struct server *server, int64_t now_ms)
{
    uint64_t count = server->refused + server->slow;

    if (count == server->told_count || now_ms - server->told_ms < TROUBLE_MS)
        return;
    server->told_ms = now_ms;
    server->told_count = count;
    server_tell(server, MESSAGE_TROUBLE, 0, 0);
}

static void watch(struct server *server, int fd, int what, bool on)
{
    struct epoll_event event = {.events = on ? EPOLLIN : 0, .data.fd = what};

    if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        CHECK(epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

/* Without descriptors an accept would fail again and again at once. */
static void listen_or_not(struct server *server, bool on)
{
    int i;

    for (i = 0; i < WEB_AUDIENCES; i++)
        if (server->listeners[i] >= 0)
            watch(server, server->listeners[i], i, on);
}

static void look(struct server *server, int64_t now_ms)
{
    server->look_ms = now_ms + LOOK_MS;
    guests_look(server, now_ms);
    tell_of_trouble(server, now_ms);
    if (server->deaf)
        listen_or_not(server, true);
    server->deaf = false;
}

/* Calm nodes sleep until something happens. */
static int wait_ms(const struct server *server, int64_t now_ms)
{
    MHD_UNSIGNED_LONG_LONG pending;

    if (MHD_get_timeout(server->http, &pending) == MHD_YES && pending == 0)
        return 0;
    if (LIST_EMPTY(&server->guests) && !server->deaf &&
        server->refused + server->slow == server->told_count)
        return -1;
    return server->look_ms > now_ms ? (int)(server->look_ms - now_ms) : 0;
}

static void round_of(struct server *server)
{
    struct epoll_event events[WEB_AUDIENCES + 2];
    int n = epoll_wait(server->epoll, events, ARRAY_LEN(events), wait_ms(server, clock_boot_ms()));
    int64_t now_ms = clock_boot_ms();
    int i;

    for (i = 0; i < n; i++)
        if (events[i].data.fd < WEB_AUDIENCES)
            guests_accept(server, (enum web_audience)events[i].data.fd);
        else if (events[i].data.fd == WAKE)
            read_messages(server);
    if (server->deaf)
        listen_or_not(server, false);
    if (now_ms >= server->look_ms)
        look(server, now_ms);
    MHD_run(server->http);
}

/* libmicrohttpd wants nobody suspended when it stops. */
static void farewell(struct server *server)
{
    struct page *page;
    int i;

    for (i = 0; i < FAREWELL_ROUNDS; i++) {
        guests_farewell(server);
        MHD_run(server->http);
    }
    MHD_stop_daemon(server->http);
    server->http = NULL;
    while ((page = LIST_FIRST(&server->pages)) != NULL)
        page_drop(server, page);
}

static void *run(void *context)
{
    struct server *server = context;

    /* In Linux it is the thread's own. Where it is not allowed, all goes on as it is. */
    setpriority(PRIO_PROCESS, 0, NICE);
    while (!server->stopping)
        round_of(server);
    farewell(server);
    server_tell(server, MESSAGE_STOPPED, 0, 0);
    return NULL;
}

/* ---- the loop's side ---- */

static int or_else(int value, int usual)
{
    return value > 0 ? value : usual;
}

struct server *server_new(const struct web_patience *patience, void (*to_loop)(void *context),
                          void *context)
{
    struct server *server = mem_zalloc(1, sizeof *server);
    int i;

    server->patience = (struct web_patience){
        .request_ms = or_else(patience->request_ms, 10000),
        .loop_ms = or_else(patience->loop_ms, 5000),
        .send_ms = or_else(patience->send_ms, 60000),
        .keepalive_ms = or_else(patience->keepalive_ms, 15000),
    };
    server->notify = to_loop;
    server->notify_context = context;
    server->wake = server->epoll = -1;
    for (i = 0; i < WEB_AUDIENCES; i++)
        server->listeners[i] = -1;
    LIST_INIT(&server->guests);
    LIST_INIT(&server->pages);
    server->told_ms = -TROUBLE_MS;
    return server;
}

static int bind_to(const union address *address)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, &address->any, sizeof *address) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    one = errno;
    close(fd);
    errno = one;
    return -1;
}

int server_listen(struct server *server, enum web_audience audience,
                  const struct web_address *where, struct err *err)
{
    union address address;
    char text[ADDRESS_TEXT];

    if (address_parse(where->host, where->port, &address) != 0)
        return err_set(err, ERR_INVALID, "http.%s: \"%s\" is no IP address", keys[audience],
                       where->host);
    address_text(&address, text);
    if (audience == WEB_OPERATORS && !address_is_loopback(&address))
        return err_set(err, ERR_INVALID,
                       "http.%s: %s is no loopback address (from elsewhere operators come with "
                       "their certificate to the node's own port)",
                       keys[audience], text);
    server->listeners[audience] = bind_to(&address);
    if (server->listeners[audience] < 0)
        return err_set(err, ERR_IO, "http.%s: %s: %s", keys[audience], text, strerror(errno));
    return 0;
}

static int open_http(struct server *server)
{
    server->http = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        answer_request, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_NOTIFY_CONNECTION, guest_notify, server, MHD_OPTION_NOTIFY_COMPLETED,
        answer_over, server, MHD_OPTION_END);
    if (server->http == NULL)
        return -1;
    watch(server, MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, HTTP,
          true);
    return 0;
}

static int start_thread(struct server *server)
{
    sigset_t all, before;
    pthread_attr_t attr;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    rc = pthread_create(&server->thread, &attr, run, server);
    pthread_attr_destroy(&attr);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        pthread_setname_np(server->thread, "kirikae-http");
    errno = rc;
    return rc == 0 ? 0 : -1;
}

int server_start(struct server *server, struct err *err)
{
    server->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server->wake < 0 || server->epoll < 0)
        return err_set(err, ERR_IO, "the HTTP thread: %s", strerror(errno));
    watch(server, server->wake, WAKE, true);
    listen_or_not(server, true);
    if (open_http(server) != 0 || start_thread(server) != 0)
        return err_set(err, ERR_IO, "the HTTP thread: %s", strerror(errno));
    return 0;
}

void server_hand(struct server *server, struct message *message)
{
    uint64_t once = 1;

    if (mailbox_put(&server->to_thread, message))
        CHECK(write(server->wake, &once, sizeof once) == sizeof once);
}

struct message *server_take(struct server *server)
{
    return mailbox_take(&server->to_loop);
}

void server_join(struct server *server)
{
    pthread_join(server->thread, NULL);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void server_free(struct server *server)
{
    int i;

    if (server->http != NULL)
        MHD_stop_daemon(server->http);
    for (i = 0; i < WEB_AUDIENCES; i++)
        close_fd(server->listeners[i]);
    close_fd(server->wake);
    close_fd(server->epoll);
    mem_free(server);
}

void server_counters(const struct server *server, struct web_counters *counters)
{
    int i;

    for (i = 0; i < WEB_AUDIENCES; i++) {
        counters->connections[i] = server->connections[i];
        counters->open[i] = server->open[i];
        counters->requests[i] = server->requests[i];
    }
    counters->failed = server->failed;
    counters->late = server->late;
    counters->refused = server->refused;
    counters->slow = server->slow;
}
