/* The loop's side: which paths there are, what makes them, and when the thread begins. */
#include "web/web.h"
#include "base/check.h"
#include "base/mem.h"
#include "web/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

/* One path of one audience. Numbers are never used again: a message about what was withdrawn
 * meanwhile finds nothing. */
struct place {
    LIST_ENTRY(place) entry;
    uint64_t number;
    enum message_kind kind;
    enum web_audience audience;
    char path[WEB_PATH];
    web_make *make;
    void *context;
    int watched;
    /* For the thread, while it does not run yet: what is there, and the newest event. */
    struct message *first, *event;
};

struct web {
    uv_async_t from_thread;
    struct log *log;
    struct server *server;
    bool running, closing;
    LIST_HEAD(, place) places;
    int n_places;
    uint64_t last_number;
    struct web_counters told; /* of trouble */
    void (*closed)(void *context);
    void *closed_context;
};

/* ---- places ---- */

static struct place *find(const struct web *web, enum web_audience audience, const char *path)
{
    struct place *place;

    LIST_FOREACH(place, &web->places, entry)
    if (place->audience == audience && strcmp(place->path, path) == 0)
        return place;
    return NULL;
}

static struct place *place_of(const struct web *web, uint64_t number)
{
    struct place *place;

    LIST_FOREACH(place, &web->places, entry)
    if (place->number == number)
        return place;
    return NULL;
}

static struct place *place_new(struct web *web, enum message_kind kind, enum web_audience audience,
                               const char *path)
{
    struct place *place = mem_zalloc(1, sizeof *place);

    CHECK(path[0] == '/' && strlen(path) < WEB_PATH);
    place->number = ++web->last_number;
    place->kind = kind;
    place->audience = audience;
    snprintf(place->path, sizeof place->path, "%s", path);
    LIST_INSERT_HEAD(&web->places, place, entry);
    web->n_places++;
    return place;
}

static void place_free(struct web *web, struct place *place)
{
    LIST_REMOVE(place, entry);
    web->n_places--;
    message_free(place->first);
    message_free(place->event);
    mem_free(place);
}

/* To the thread, or into the slot from which it will get it. */
static void hand(struct web *web, struct message *message, struct message **slot)
{
    if (web->running) {
        server_hand(web->server, message);
        return;
    }
    message_free(*slot);
    *slot = message;
}

static void put(struct web *web, struct place *place, const char *type, int number,
                const void *bytes, size_t len)
{
    struct message *message = message_new(place->kind, place->number, number);

    CHECK(strlen(type) < sizeof message->type);
    message->audience = place->audience;
    memcpy(message->path, place->path, sizeof message->path);
    snprintf(message->type, sizeof message->type, "%s", type);
    buf_append(&message->bytes, bytes, len);
    hand(web, message, &place->first);
}

int web_publish(struct web *web, enum web_audience audience, const char *path, const char *type,
                const void *bytes, size_t len)
{
    struct place *place = find(web, audience, path);

    if (len > WEB_PAGE || (place == NULL && web->n_places == WEB_PLACES))
        return ERR_LIMIT;
    if (place == NULL)
        place = place_new(web, MESSAGE_PAGE, audience, path);
    CHECK(place->kind == MESSAGE_PAGE);
    put(web, place, type, 0, bytes, len);
    return 0;
}

static struct place *place_once(struct web *web, enum message_kind kind, enum web_audience audience,
                                const char *path)
{
    CHECK(web->n_places < WEB_PLACES && find(web, audience, path) == NULL);
    return place_new(web, kind, audience, path);
}

void web_dynamic(struct web *web, enum web_audience audience, const char *path, const char *type,
                 int max_age_ms, web_make *make, void *context)
{
    struct place *place = place_once(web, MESSAGE_DYNAMIC, audience, path);

    CHECK(max_age_ms >= WEB_AGE_LEAST_MS);
    place->make = make;
    place->context = context;
    put(web, place, type, max_age_ms, NULL, 0);
}

void web_stream(struct web *web, enum web_audience audience, const char *path)
{
    put(web, place_once(web, MESSAGE_STREAM, audience, path), "", 0, NULL, 0);
}

/* As the standard on server-sent events has it: a line each, and an empty one at the end. */
static void event_text(struct buf *out, const char *event, const char *data)
{
    size_t len;

    buf_printf(out, "event: %s\n", event);
    for (;;) {
        len = strcspn(data, "\r\n");
        buf_str(out, "data: ");
        buf_append(out, data, len);
        buf_str(out, "\n");
        if (data[len] == '\0')
            break;
        data += len + 1;
    }
    buf_str(out, "\n");
}

int web_push(struct web *web, enum web_audience audience, const char *path, const char *event,
             const char *data)
{
    struct place *place = find(web, audience, path);
    struct message *message;

    CHECK(place != NULL && place->kind == MESSAGE_STREAM);
    message = message_new(MESSAGE_EVENT, place->number, 0);
    event_text(&message->bytes, event, data);
    if (message->bytes.len > WEB_EVENT) {
        message_free(message);
        return ERR_LIMIT;
    }
    hand(web, message, &place->event);
    return 0;
}

int web_watched(const struct web *web, enum web_audience audience, const char *path)
{
    const struct place *place = find(web, audience, path);

    return place != NULL ? place->watched : 0;
}

void web_withdraw(struct web *web, enum web_audience audience, const char *path)
{
    struct place *place = find(web, audience, path);

    if (place == NULL)
        return;
    if (web->running)
        server_hand(web->server, message_new(MESSAGE_WITHDRAW, place->number, 0));
    place_free(web, place);
}

/* ---- the thread ---- */

static void hand_slot(struct web *web, struct message **slot)
{
    if (*slot != NULL)
        server_hand(web->server, *slot);
    *slot = NULL;
}

static int start(struct web *web, struct err *err)
{
    struct place *place;
    int r = server_start(web->server, err);

    if (r < 0)
        return r;
    web->running = true;
    LIST_FOREACH(place, &web->places, entry)
    {
        hand_slot(web, &place->first);
        hand_slot(web, &place->event);
    }
    return 0;
}

void web_adopt(struct web *web, int fd)
{
    struct err err;

    if (!web->closing && (web->running || start(web, &err) == 0)) {
        server_hand(web->server, message_new(MESSAGE_ADOPT, 0, fd));
        return;
    }
    if (!web->closing)
        log_line(web->log, LOG_LEVEL_ERROR, "http", "%s", err.text);
    close(fd);
}

static void make_page(struct web *web, uint64_t number)
{
    struct place *place = place_of(web, number);
    struct message *answer;

    if (place == NULL || web->closing)
        return;
    answer = message_new(MESSAGE_ANSWER, number, 0);
    place->make(place->context, &answer->bytes);
    if (answer->bytes.len > WEB_PAGE)
        buf_clear(&answer->bytes);
    server_hand(web->server, answer);
}

static void tell_of_trouble(struct web *web)
{
    struct web_counters now = web_counters(web);

    log_line(web->log, LOG_LEVEL_WARN, "http",
             "%llu connections refused or cut to make room, %llu that were too slow, since the "
             "last such line",
             (unsigned long long)(now.refused - web->told.refused),
             (unsigned long long)(now.slow - web->told.slow));
    web->told = now;
}

static void set_watched(struct web *web, const struct message *message)
{
    struct place *place = place_of(web, message->place);

    if (place != NULL)
        place->watched = message->number;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct web *web = handle->data;
    void (*closed)(void *context) = web->closed;
    void *context = web->closed_context;
    struct place *place;

    while ((place = LIST_FIRST(&web->places)) != NULL)
        place_free(web, place);
    server_free(web->server);
    mem_free(web);
    if (closed != NULL)
        closed(context);
}

static void stopped(struct web *web)
{
    server_join(web->server);
    uv_close((uv_handle_t *)&web->from_thread, on_handle_closed);
}

static void heed(struct web *web, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_ASK:
        make_page(web, message->place);
        break;
    case MESSAGE_WATCHED:
        set_watched(web, message);
        break;
    case MESSAGE_TROUBLE:
        tell_of_trouble(web);
        break;
    case MESSAGE_STOPPED:
        stopped(web);
        break;
    default:
        CHECK(!"a message to the loop");
    }
}

static void on_message(uv_async_t *async)
{
    struct web *web = async->data;
    struct message *message, *next;

    for (message = server_take(web->server); message != NULL; message = next) {
        next = message->next;
        heed(web, message);
        message_free(message);
    }
}

static void wake_loop(void *context)
{
    uv_async_send(context);
}

/* ---- opening and closing ---- */

static int listen_all(struct web *web, const struct web_options *options, struct err *err)
{
    bool any = false;
    int i, r;

    for (i = 0; i < WEB_AUDIENCES; i++) {
        if (options->listen[i].host == NULL)
            continue;
        any = true;
        r = server_listen(web->server, (enum web_audience)i, &options->listen[i], err);
        if (r < 0)
            return r;
    }
    return any ? start(web, err) : 0;
}

int web_open(const struct web_options *options, struct web **out, struct err *err)
{
    struct web *web = mem_zalloc(1, sizeof *web);
    int r;

    LIST_INIT(&web->places);
    web->log = options->log;
    CHECK(uv_async_init(options->loop, &web->from_thread, on_message) == 0);
    web->from_thread.data = web;
    web->server = server_new(&options->patience, wake_loop, &web->from_thread);
    r = listen_all(web, options, err);
    if (r < 0) {
        web_close(web, NULL, NULL);
        return r;
    }
    *out = web;
    return 0;
}

void web_close(struct web *web, void (*closed)(void *context), void *context)
{
    CHECK(!web->closing);
    web->closing = true;
    web->closed = closed;
    web->closed_context = context;
    if (web->running)
        server_hand(web->server, message_new(MESSAGE_STOP, 0, 0));
    else
        uv_close((uv_handle_t *)&web->from_thread, on_handle_closed);
}

struct web_counters web_counters(const struct web *web)
{
    struct web_counters counters;

    server_counters(web->server, &counters);
    return counters;
}
