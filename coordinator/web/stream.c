/* Those who listen to a stream. A listener without anything new is suspended; libmicrohttpd does
 * not look at its connection then, so this file does. */
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "web/inside.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BLOCK 4096

static void event_release(struct event *event)
{
    if (event == NULL || --event->holders > 0)
        return;
    buf_free(&event->bytes);
    mem_free(event);
}

/* The next event that is still there: who lags too far behind goes on with the newest. */
static bool take_next(struct guest *guest)
{
    const struct page *page = guest->page;

    if (guest->next == page->n_events)
        return false;
    if (page->n_events - guest->next > RING)
        guest->next = page->n_events - 1;
    guest->sending = page->ring[guest->next % RING];
    guest->sending->holders++;
    guest->sent = 0;
    guest->next++;
    return true;
}

static ssize_t read_event(struct guest *guest, char *out, size_t room)
{
    const struct buf *bytes = &guest->sending->bytes;
    size_t len = bytes->len - guest->sent < room ? bytes->len - guest->sent : room;

    memcpy(out, bytes->data + guest->sent, len);
    guest->sent += len;
    if (guest->sent == bytes->len) {
        event_release(guest->sending);
        guest->sending = NULL;
    }
    return (ssize_t)len;
}

/* libmicrohttpd wants more: all before has gone out. */
static ssize_t on_more(void *context, uint64_t position, char *out, size_t room)
{
    static const char sign[] = ":\n\n";
    struct guest *guest = context;

    (void)position;
    if (guest->cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (guest->server->stopping || guest->page == NULL)
        return MHD_CONTENT_READER_END_OF_STREAM;
    guest->moved_ms = clock_boot_ms();
    if (guest->sending != NULL || take_next(guest)) {
        guest->sign = false;
        return read_event(guest, out, room);
    }
    if (guest->sign && room >= sizeof sign - 1) {
        guest->sign = false;
        memcpy(out, sign, sizeof sign - 1);
        return sizeof sign - 1;
    }
    guest_suspend(guest);
    return 0;
}

static void watched(struct server *server, const struct page *page)
{
    server_tell(server, MESSAGE_WATCHED, page->place, page->n_listeners);
}

enum MHD_Result stream_listen(struct guest *guest, struct page *page, int64_t now_ms)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (page->n_listeners == WEB_LISTENERS)
        return answer_fail(guest, MHD_HTTP_SERVICE_UNAVAILABLE);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_more, guest, NULL);
    CHECK(response != NULL);
    answer_headers(response, page->audience, "text/event-stream", "no-store");
    guest->state = GUEST_LISTENING;
    guest->page = page;
    guest->next = page->n_events > 0 ? page->n_events - 1 : 0;
    guest->moved_ms = now_ms;
    page->n_listeners++;
    watched(guest->server, page);
    result = MHD_queue_response(guest->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

void stream_over(struct guest *guest)
{
    struct page *page = guest->page;

    event_release(guest->sending);
    guest->sending = NULL;
    guest->page = NULL;
    if (page != NULL) {
        page->n_listeners--;
        watched(guest->server, page);
    }
}

void stream_event(struct server *server, struct page *page, struct buf *bytes)
{
    struct event **slot = &page->ring[page->n_events % RING];
    struct guest *guest;

    event_release(*slot);
    *slot = mem_zalloc(1, sizeof **slot);
    **slot = (struct event){.holders = 1, .bytes = *bytes};
    *bytes = (struct buf){0};
    page->n_events++;
    LIST_FOREACH(guest, &server->guests, entry)
    if (guest->state == GUEST_LISTENING && guest->page == page && guest->suspended)
        guest_resume(guest);
}

static bool hung_up(const struct guest *guest)
{
    char byte;
    ssize_t len = recv(guest->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
}

void stream_look(struct guest *guest, int64_t now_ms)
{
    if (!guest->suspended)
        return;
    if (hung_up(guest))
        guest->cut = true;
    else if (now_ms - guest->moved_ms >= guest->server->patience.keepalive_ms)
        guest->sign = true;
    else
        return;
    guest_resume(guest);
}

void stream_clear(struct server *server, struct page *page)
{
    struct guest *guest;
    int i;

    LIST_FOREACH(guest, &server->guests, entry)
    if (guest->page == page) {
        guest->page = NULL;
        guest_resume(guest);
    }
    for (i = 0; i < RING; i++)
        event_release(page->ring[i]);
}
