/* Requests to other coordinators. All of one peer share a connection, dialled with
 * the first; answers find their requests by number. A request may end in `done` only
 * from the loop, never from inside link_request(). */
#include "base/check.h"
#include "base/mem.h"
#include "link/inside.h"

#define REQUESTS_MAX 128 /* waiting for one peer; below the listener's own limit */

static void put_id(uint8_t out[LINK_ID], uint64_t id)
{
    for (int i = LINK_ID - 1; i >= 0; i--, id >>= 8)
        out[i] = (uint8_t)id;
}

static uint64_t get_id(const uint8_t in[LINK_ID])
{
    uint64_t id = 0;

    for (int i = 0; i < LINK_ID; i++)
        id = id << 8 | in[i];
    return id;
}

static void finish(struct peer *peer, struct request *request, int code, const uint8_t *bytes,
                   size_t len)
{
    TAILQ_REMOVE(&peer->requests, request, entry);
    peer->n_requests--;
    request->done(request->context, code, bytes, len);
    buf_free(&request->bytes);
    mem_free(request);
}

static struct request *first_doomed(struct peer *peer)
{
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    if (request->code != 0)
        return request;
    return NULL;
}

/* `done` may add requests or close the link: look anew after each. */
static void finish_doomed(struct peer *peer)
{
    struct request *request;

    while ((request = first_doomed(peer)) != NULL)
        finish(peer, request, request->code, NULL, 0);
}

static void send_now(struct peer *peer, struct request *request)
{
    uint8_t id[LINK_ID];

    put_id(id, request->id);
    request->code = conn_send(peer->ask.conn, id, LINK_ID, request->bytes.data, request->bytes.len);
    request->sent = true;
    buf_free(&request->bytes);
}

void link_request(struct link *link, int peer_index, const uint8_t *bytes, size_t len,
                  int timeout_ms, link_answer *done, void *context)
{
    struct request *request;
    struct peer *peer;

    CHECK(peer_index >= 0 && peer_index < link->options.n_peers);
    if (link->closing) {
        done(context, ERR_UNAVAILABLE, NULL, 0);
        return;
    }
    peer = &link->peers[peer_index];
    request = mem_zalloc(1, sizeof *request);
    request->id = ++link->next_id;
    request->deadline_ms = link_now(link) + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0);
    request->done = done;
    request->context = context;
    if (peer_index == link->options.self)
        request->code = ERR_UNAVAILABLE;
    else if (len + LINK_ID > LIMIT_FRAME || peer->n_requests >= REQUESTS_MAX)
        request->code = ERR_LIMIT;
    else
        buf_append(&request->bytes, bytes, len);
    TAILQ_INSERT_TAIL(&peer->requests, request, entry);
    peer->n_requests++;
    link_busy(link);
    if (request->code != 0)
        return;
    if (peer->ask.up)
        send_now(peer, request);
    else
        dialler_tick(&peer->ask);
}

void requests_up(struct link *link, int peer_index)
{
    struct peer *peer = &link->peers[peer_index];
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    if (!request->sent && request->code == 0)
        send_now(peer, request);
}

void requests_down(struct link *link, int peer_index, bool keep_unsent)
{
    struct peer *peer = &link->peers[peer_index];
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    if (request->code == 0 && (request->sent || !keep_unsent))
        request->code = ERR_UNAVAILABLE;
}

void requests_answer(struct link *link, int peer_index, const uint8_t *bytes, size_t len)
{
    struct peer *peer = &link->peers[peer_index];
    uint64_t id = get_id(bytes);
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    if (request->id == id && request->sent && request->code == 0) {
        finish(peer, request, 0, bytes + LINK_ID, len - LINK_ID);
        return;
    }
    /* Too late: it has ended with ERR_TIMEOUT. */
}

void requests_tick(struct link *link, int peer_index)
{
    struct peer *peer = &link->peers[peer_index];
    uint64_t now = link_now(link);
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    if (request->code == 0 && now >= request->deadline_ms)
        request->code = request->sent ? ERR_TIMEOUT : ERR_UNAVAILABLE;
    finish_doomed(peer);
}

void requests_close(struct link *link, int peer_index)
{
    struct peer *peer = &link->peers[peer_index];
    struct request *request;

    TAILQ_FOREACH(request, &peer->requests, entry)
    request->code = ERR_UNAVAILABLE;
    finish_doomed(peer);
}
