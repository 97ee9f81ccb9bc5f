/* The DNS query, against a server in the same loop. */
#include "query.h"
#include "base/check.h"

#include <ldns/ldns.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

enum dns_mode { DNS_TWO, DNS_NOBODY, DNS_OTHER_ID_FIRST, DNS_GARBAGE_FIRST };

struct dns {
    uv_loop_t loop;
    uv_udp_t udp;
    struct sockaddr_in address;
    enum dns_mode mode;
    uint8_t bytes[1024];
    int n; /* addresses that came; -1: no answer yet */
    struct in_addr addresses[QUERY_ADDRESSES];
};

static void send_packet(struct dns *dns, const ldns_pkt *packet, const struct sockaddr *to)
{
    uint8_t *bytes;
    uv_buf_t buf;
    size_t len;

    assert_int_equal(ldns_pkt2wire(&bytes, packet, &len), LDNS_STATUS_OK);
    buf = uv_buf_init((char *)bytes, (unsigned)len);
    assert_true(uv_udp_try_send(&dns->udp, &buf, 1, to) > 0);
    free(bytes);
}

static void push(ldns_pkt *packet, const char *text)
{
    ldns_rr *record;

    assert_int_equal(ldns_rr_new_frm_str(&record, text, 0, NULL, NULL), LDNS_STATUS_OK);
    ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, record);
}

static void on_question(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct dns *dns = udp->data;
    uv_buf_t garbage = uv_buf_init("garbage", 7);
    ldns_pkt *packet;

    if (len <= 0)
        return;
    assert_int_equal(ldns_wire2pkt(&packet, dns->bytes, (size_t)len), LDNS_STATUS_OK);
    ldns_pkt_set_qr(packet, true);
    if (dns->mode == DNS_GARBAGE_FIRST)
        uv_udp_try_send(&dns->udp, &garbage, 1, from);
    if (dns->mode == DNS_OTHER_ID_FIRST) {
        ldns_pkt_set_id(packet, ldns_pkt_id(packet) ^ 1);
        send_packet(dns, packet, from);
        ldns_pkt_set_id(packet, ldns_pkt_id(packet) ^ 1);
    }
    if (dns->mode == DNS_NOBODY) {
        ldns_pkt_set_rcode(packet, LDNS_RCODE_NXDOMAIN);
    } else {
        push(packet, "sip.call.example. 1 IN CNAME calls.example.");
        push(packet, "calls.example. 1 IN A 192.0.2.1");
        push(packet, "calls.example. 1 IN A 192.0.2.2");
    }
    send_packet(dns, packet, from);
    ldns_pkt_free(packet);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct dns *dns = handle->data;

    *buf = uv_buf_init((char *)dns->bytes, sizeof dns->bytes);
}

static void on_done(void *context, const struct in_addr *addresses, int n)
{
    struct dns *dns = context;

    assert_int_equal(dns->n, -1);
    dns->n = n;
    memcpy(dns->addresses, addresses, (size_t)n * sizeof addresses[0]);
}

static void dns_open(struct dns *dns, enum dns_mode mode)
{
    int len = sizeof dns->address;

    *dns = (struct dns){.mode = mode, .n = -1};
    assert_int_equal(uv_loop_init(&dns->loop), 0);
    assert_int_equal(uv_udp_init(&dns->loop, &dns->udp), 0);
    dns->udp.data = dns;
    uv_ip4_addr("127.0.0.1", 0, &dns->address);
    assert_int_equal(uv_udp_bind(&dns->udp, (struct sockaddr *)&dns->address, 0), 0);
    uv_udp_getsockname(&dns->udp, (struct sockaddr *)&dns->address, &len);
    assert_int_equal(uv_udp_recv_start(&dns->udp, on_alloc, on_question), 0);
}

static void dns_close(struct dns *dns)
{
    uv_close((uv_handle_t *)&dns->udp, NULL);
    uv_run(&dns->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&dns->loop), 0);
}

static struct query *ask(struct dns *dns, const char *name)
{
    return query_start(&dns->loop, (struct sockaddr *)&dns->address, name, on_done, dns);
}

static void test_answers(void **state)
{
    static const struct {
        enum dns_mode mode;
        int n;
    } cases[] = {{DNS_TWO, 2}, {DNS_NOBODY, 0}, {DNS_OTHER_ID_FIRST, 2}, {DNS_GARBAGE_FIRST, 2}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct dns dns;

        dns_open(&dns, cases[i].mode);
        assert_non_null(ask(&dns, "sip.call.example"));
        while (dns.n < 0)
            uv_run(&dns.loop, UV_RUN_ONCE);
        assert_int_equal(dns.n, cases[i].n);
        if (dns.n == 2) {
            assert_int_equal(ntohl(dns.addresses[0].s_addr), 0xc0000201);
            assert_int_equal(ntohl(dns.addresses[1].s_addr), 0xc0000202);
        }
        dns_close(&dns);
    }
}

static void test_stopped(void **state)
{
    struct query *query;
    struct dns dns;

    dns_open(&dns, DNS_TWO);
    query = ask(&dns, "sip.call.example");
    assert_non_null(query);
    query_stop(query);
    dns_close(&dns);
    assert_int_equal(dns.n, -1);
}

static void test_impossible_name(void **state)
{
    struct dns dns;

    dns_open(&dns, DNS_TWO);
    assert_null(ask(&dns, "a..b"));
    dns_close(&dns);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_impossible_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
