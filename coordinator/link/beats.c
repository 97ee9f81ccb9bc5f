/* The UDP socket. A dialler takes a new key into use when the listener has said, in
 * the session itself, that it accepts it (the empty frame): from then on the listener
 * surely has the key, and until then beats go on under the old one. */
#include "base/check.h"
#include "link/inside.h"

#include <openssl/crypto.h>

#define EXPORTER_LABEL "EXPORTER-kirikae-beat"

struct beat_key *beats_export(struct conn *conn, bool seal, int from, int to)
{
    uint8_t material[BEAT_MATERIAL];
    struct beat_key *key;

    conn_export(conn, EXPORTER_LABEL, material, sizeof material);
    key = beat_key_new(material, seal, from, to);
    OPENSSL_cleanse(material, sizeof material);
    return key;
}

void beats_use(struct link *link, int peer, struct beat_key *key)
{
    beat_key_free(link->peers[peer].seal);
    link->peers[peer].seal = key;
}

void link_send_beat(struct link *link, int peer, const uint8_t *bytes, size_t len)
{
    uint8_t datagram[BEAT_DATAGRAM];
    union address to;
    uv_buf_t part;

    CHECK(peer >= 0 && peer < link->options.n_peers && len <= LIMIT_BEAT);
    if (link->closing || link->peers[peer].seal == NULL || !link->peers[peer].resolved)
        return;
    part = uv_buf_init((char *)datagram, 0);
    part.len = beat_seal(link->peers[peer].seal, bytes, len, datagram);
    to = link->peers[peer].address;
    if (link->bind.any.sa_family == AF_INET6)
        to = address_mapped(&to);
    /* A full socket buffer costs this beat; the next says everything again. */
    if (uv_udp_try_send(&link->udp, &part, 1, &to.any) > 0)
        link->counters.beats_sent++;
}

static void take(struct link *link, const uint8_t *datagram, size_t datagram_len)
{
    uint8_t bytes[LIMIT_BEAT];
    size_t len = 0;
    int rc = 1, peer;

    for (peer = 0; peer < link->options.n_peers; peer++) {
        rc = beat_ring_open(&link->peers[peer].ring, datagram, datagram_len, bytes, &len);
        if (rc <= 0)
            break;
    }
    if (rc == ERR_STALE) {
        link->counters.beats_replayed++;
    } else if (rc != 0) {
        link->counters.beats_bad++;
    } else {
        link->counters.beats_received++;
        dialler_hint(&link->peers[peer].raft);
        link->options.handlers.beat(link->options.handlers.context, peer, bytes, len);
    }
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *room)
{
    struct link *link = handle->data;

    (void)hint;
    *room = uv_buf_init((char *)link->datagram, sizeof link->datagram);
}

static void on_datagram(uv_udp_t *udp, ssize_t count, const uv_buf_t *bytes,
                        const struct sockaddr *from, unsigned int flags)
{
    struct link *link = udp->data;

    (void)flags;
    if (count < 0 || from == NULL || link->closing)
        return;
    take(link, (const uint8_t *)bytes->base, (size_t)count);
}

int beats_open(struct link *link, struct err *err)
{
    char text[ADDRESS_TEXT];
    int rc;

    CHECK(uv_udp_init(link->env.loop, &link->udp) == 0);
    link->udp.data = link;
    conn_env_hold(&link->env);
    rc = uv_udp_bind(&link->udp, &link->bind.any, 0);
    if (rc == 0)
        rc = uv_udp_recv_start(&link->udp, on_alloc, on_datagram);
    if (rc == 0)
        return 0;
    address_text(&link->bind, text);
    return err_set(err, ERR_IO, "UDP %s: %s", text, uv_strerror(rc));
}

static void on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;

    conn_env_release(&link->env);
}

void beats_close(struct link *link)
{
    uv_close((uv_handle_t *)&link->udp, on_closed);
    for (int i = 0; i < link->options.n_peers; i++) {
        beat_key_free(link->peers[i].seal);
        beat_ring_free(&link->peers[i].ring);
    }
}
