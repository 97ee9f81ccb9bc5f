#include "query.h"
#include "base/check.h"
#include "base/mem.h"

#include <ldns/ldns.h>
#include <string.h>

#define ANSWER_MAX 4096

struct query {
    uv_udp_t udp;
    query_done *done;
    void *context;
    uint16_t id;
    uint8_t bytes[ANSWER_MAX];
};

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void query_stop(struct query *query)
{
    uv_close((uv_handle_t *)&query->udp, on_closed);
}

static int addresses_of(const ldns_pkt *answer, struct in_addr *addresses)
{
    const ldns_rr_list *records = ldns_pkt_answer(answer);
    int n = 0;

    for (size_t i = 0; i < ldns_rr_list_rr_count(records) && n < QUERY_ADDRESSES; i++) {
        const ldns_rr *record = ldns_rr_list_rr(records, i);
        const ldns_rdf *address;

        if (ldns_rr_get_type(record) != LDNS_RR_TYPE_A)
            continue;
        address = ldns_rr_a_address(record);
        if (address == NULL || ldns_rdf_size(address) != sizeof addresses[0])
            continue;
        memcpy(&addresses[n++], ldns_rdf_data(address), sizeof addresses[0]);
    }
    return n;
}

static void on_answer(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from,
                      unsigned flags)
{
    struct query *query = udp->data;
    struct in_addr addresses[QUERY_ADDRESSES];
    ldns_pkt *answer;
    int n;

    if (len <= 0 || ldns_wire2pkt(&answer, query->bytes, (size_t)len) != LDNS_STATUS_OK)
        return;
    if (!ldns_pkt_qr(answer) || ldns_pkt_id(answer) != query->id) {
        ldns_pkt_free(answer);
        return;
    }
    n = addresses_of(answer, addresses);
    ldns_pkt_free(answer);
    query_stop(query);
    query->done(query->context, addresses, n);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct query *query = handle->data;

    *buf = uv_buf_init((char *)query->bytes, sizeof query->bytes);
}

/* Wire bytes of the question, from ldns: free() them. */
static uint8_t *question(const char *name, uint16_t *id, size_t *len)
{
    uint8_t *bytes = NULL;
    ldns_pkt *packet;

    if (ldns_pkt_query_new_frm_str(&packet, name, LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, LDNS_RD) !=
        LDNS_STATUS_OK)
        return NULL;
    ldns_pkt_set_random_id(packet);
    *id = ldns_pkt_id(packet);
    if (ldns_pkt2wire(&bytes, packet, len) != LDNS_STATUS_OK)
        bytes = NULL;
    ldns_pkt_free(packet);
    return bytes;
}

struct query *query_start(uv_loop_t *loop, const struct sockaddr *server, const char *name,
                          query_done *done, void *context)
{
    struct query *query = mem_zalloc(1, sizeof *query);
    uint8_t *bytes = NULL;
    size_t len = 0;
    uv_buf_t buf;
    int rc;

    CHECK(uv_udp_init(loop, &query->udp) == 0);
    query->udp.data = query;
    query->done = done;
    query->context = context;
    bytes = question(name, &query->id, &len);
    buf = uv_buf_init((char *)bytes, (unsigned)len);
    /* Connected, so that nobody else can answer. */
    rc = bytes == NULL ? UV_EINVAL : uv_udp_connect(&query->udp, server);
    if (rc == 0)
        rc = uv_udp_try_send(&query->udp, &buf, 1, NULL);
    if (rc >= 0)
        rc = uv_udp_recv_start(&query->udp, on_alloc, on_answer);
    free(bytes);
    if (rc == 0)
        return query;
    query_stop(query);
    return NULL;
}
