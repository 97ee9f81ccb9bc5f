/* What act/ reads from strangers, without any server: HAProxy's answers, key files,
 * addresses, DNS messages. */
#include "act/address.h"
#include "act/dns_message.h"
#include "act/haproxy_text.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/prng.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void addresses(void **state)
{
    static const char *const bad[] = {"",        "10.0.0.1",       "10.0.0.1:",   "10.0.0.1:0",
                                      ":53",     "10.0.0.1:65536", "fd00::1:53x", "[fd00::1]",
                                      "[]:53",   "ns.example:53",  "10.0.0.1:+5", "10.0.0.1: 53",
                                      "[::1:53", "256.0.0.1:53"};
    struct sockaddr_storage address;
    struct err err;

    assert_int_equal(act_address_parse("10.0.0.1:53", &address, &err), 0);
    assert_int_equal(address.ss_family, AF_INET);
    assert_int_equal(((struct sockaddr_in *)&address)->sin_port, htons(53));
    assert_int_equal(act_address_parse("[fd00::1]:9999", &address, &err), 0);
    assert_int_equal(address.ss_family, AF_INET6);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(act_address_parse(bad[i], &address, &err), ERR_INVALID);
}

static void haproxy_maps(void **state)
{
    struct haproxy_map map;
    struct err err;

    assert_int_equal(haproxy_parse_map("0x55 active mirror\n0x56 epoch 7.3\n", &map, &err), 0);
    assert_string_equal(map.active, "mirror");
    assert_true(map.epoch == 7 && map.step == 3 && map.exact);
    assert_int_equal(haproxy_parse_map("", &map, &err), 0);
    assert_true(map.active[0] == '\0' && map.epoch == 0 && !map.exact);
    assert_int_equal(haproxy_parse_map("0x1 epoch 4294967295.4294967295", &map, &err), 0);
    assert_true(map.epoch == UINT32_MAX && map.step == UINT32_MAX);
    assert_int_equal(haproxy_parse_map("0x1 epoch 4294967296.0\n0x2 active\n0x3\n", &map, &err), 0);
    assert_true(map.epoch == 0 && !map.exact);
    /* Equal keys: HAProxy takes the first. */
    assert_int_equal(haproxy_parse_map("0x1 epoch 2.0\n0x2 epoch 9.0\n", &map, &err), 0);
    assert_true(map.epoch == 2 && !map.exact);
    assert_int_equal(haproxy_parse_map("HTTP/1.1 400 Bad\x01\n\n", &map, &err), ERR_INVALID);
    assert_string_equal(err.text, "HAProxy says: HTTP/1.1 400 Bad?");
    assert_int_equal(haproxy_parse_map("Permission denied\n", &map, &err), ERR_DENIED);
}

static void haproxy_versions(void **state)
{
    static const char list[] =
        "# id (file) description\n"
        "1 (/b.map) pattern loaded from file '/a.map' used by map. curr_ver=1 next_ver=2 "
        "entry_cnt=1\n"
        "2 (/a.map) pattern loaded from file '/a.map' used by map. curr_ver=5 next_ver=7 "
        "entry_cnt=2\n"
        "3 (/old.map) pattern loaded from file '/old.map' used by map\n";
    uint32_t current, newest, version;
    struct err err;

    assert_int_equal(haproxy_parse_versions(list, "/a.map", &current, &newest, &err), 0);
    assert_true(current == 5 && newest == 7);
    assert_int_equal(haproxy_parse_versions(list, "/c.map", &current, &newest, &err), ERR_INVALID);
    assert_int_equal(haproxy_parse_versions(list, "/old.map", &current, &newest, &err),
                     ERR_INVALID);
    assert_int_equal(haproxy_parse_prepared("New version created: 12\n", &version, &err), 0);
    assert_int_equal(version, 12);
    assert_int_equal(haproxy_parse_prepared("New version created: 12x\n", &version, &err),
                     ERR_INVALID);
    assert_int_equal(haproxy_parse_prepared("", &version, &err), ERR_INVALID);
}

static void haproxy_servers(void **state)
{
    static const char answer[] = "1\n# be_id be_name srv_id srv_name srv_addr ...\n"
                                 "3 voice 1 voice-1 10.0.0.1 2 0 10 1 3\n"
                                 "3 voice 2 voice-2 10.0.0.2 0 1 11 1 3\n"
                                 "3 voice 3 voice-3 10.0.0.3 0 8 12 1 3\n"
                                 "3 voice 4 voice-4 10.0.0.4 2 4 13 1 3\n"
                                 "3 voice 5 voice-5 10.0.0.5 2\n";
    static const enum haproxy_state expected[] = {HAPROXY_READY, HAPROXY_MAINT,  HAPROXY_DRAIN,
                                                  HAPROXY_READY, HAPROXY_ABSENT, HAPROXY_ABSENT};
    struct haproxy_server got;
    struct err err;

    for (int i = 0; i < 6; i++) {
        char name[16];

        snprintf(name, sizeof name, "voice-%d", i + 1);
        assert_int_equal(haproxy_parse_server(answer, "voice", name, &got, &err), 0);
        assert_int_equal(got.state, expected[i]);
        assert_int_equal(got.weight, got.state == HAPROXY_ABSENT ? 0 : 10 + i);
        assert_int_equal(got.configured, got.state == HAPROXY_ABSENT ? 0 : 1);
    }
    assert_int_equal(haproxy_parse_server(answer, "other", "voice-1", &got, &err), 0);
    assert_int_equal(got.state, HAPROXY_ABSENT);
    assert_int_equal(haproxy_parse_server("2\n# new", "voice", "voice-1", &got, &err), ERR_INVALID);
}

static void key_files(void **state)
{
    static const char *const bad[] = {"",           "  \n",         "two words",   "not*base64",
                                      "secret abc", "secret \"\";", "secret \"*\""};
    char secret[sizeof((struct dns_key *)0)->secret], text[1024];
    struct err err;

    assert_int_equal(dns_key_parse("  c2VjcmV0\n", secret, &err), 0);
    assert_string_equal(secret, "c2VjcmV0");
    assert_int_equal(
        dns_key_parse("key \"k\" {\n algorithm x;\n secret \"c2VjcmV0\";\n};\n", secret, &err), 0);
    assert_string_equal(secret, "c2VjcmV0");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(dns_key_parse(bad[i], secret, &err), ERR_INVALID);
    memset(text, 'A', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(dns_key_parse(text, secret, &err), ERR_INVALID);
}

/* ---- DNS messages ---- */

static const struct dns_key key = {"kirikae", "hmac-sha256.", "c2VjcmV0LXNlY3JldA=="};

static ldns_rr_list *txt(const char *const *lines)
{
    ldns_rr_list *list = ldns_rr_list_new();

    for (; *lines != NULL; lines++) {
        ldns_rr *rr = NULL;
        char text[128];

        snprintf(text, sizeof text, "x. 1 IN TXT %s", *lines);
        assert_int_equal(ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_rr_list_push_rr(list, rr);
    }
    return list;
}

static void token(const char *const *lines, uint32_t epoch, uint32_t step, bool exact)
{
    ldns_rr_list *set = txt(lines);
    uint32_t e, s;
    bool x;

    dns_token(set, &e, &s, &x);
    assert_true(e == epoch && s == step && x == exact);
    ldns_rr_list_deep_free(set);
}

static void tokens(void **state)
{
    token((const char *[]){NULL}, 0, 0, false);
    token((const char *[]){"\"epoch=3 step=4\"", NULL}, 3, 4, true);
    token((const char *[]){"\"epoch=4294967295 step=0\"", NULL}, UINT32_MAX, 0, true);
    token((const char *[]){"\"epoch=3 step=4\"", "\"epoch=3 step=5\"", NULL}, 3, 5, false);
    token((const char *[]){"\"epoch=4294967296 step=0\"", NULL}, 0, 0, false);
    token((const char *[]){"\"epoch=-1 step=0\"", NULL}, 0, 0, false);
    token((const char *[]){"\"epoch=1 step=0 \"", NULL}, 0, 0, false);
    token((const char *[]){"\"epoch= 1 step=0\"", NULL}, 0, 0, false);
    token((const char *[]){"\"epoch=1\" \"step=0\"", NULL}, 0, 0, false);
    token((const char *[]){"\"v=spf1 -all\"", NULL}, 0, 0, false);
}

/* What a server makes of a request, signed like one that has `with`. */
static ldns_pkt *answer_to(const struct dns_request *request, ldns_pkt_rcode rcode)
{
    ldns_pkt *packet;

    assert_int_equal(ldns_wire2pkt(&packet, request->wire, request->len), LDNS_STATUS_OK);
    ldns_pkt_set_qr(packet, true);
    ldns_pkt_set_aa(packet, true);
    ldns_pkt_set_rcode(packet, rcode);
    ldns_rr_free(ldns_pkt_tsig(packet));
    ldns_pkt_set_tsig(packet, NULL);
    return packet;
}

/* Sends `packet` (taken) to dns_answer(), signed with `with` unless NULL. */
static int judged(const struct dns_request *request, ldns_pkt *packet, const struct dns_key *with,
                  const ldns_rdf *mac, struct err *err)
{
    ldns_pkt *got;
    uint8_t *wire;
    size_t len;
    int rv;

    err->text[0] = '\0';
    if (with != NULL)
        assert_int_equal(
            ldns_pkt_tsig_sign(packet, with->name, with->secret, 300, with->algorithm, mac),
            LDNS_STATUS_OK);
    assert_int_equal(ldns_pkt2wire(&wire, packet, &len), LDNS_STATUS_OK);
    rv = dns_answer(request, &key, wire, len, &got, err);
    assert_true((rv == 0) == (got != NULL));
    ldns_pkt_free(got);
    ldns_pkt_free(packet);
    free(wire);
    return rv;
}

static void answers_must_be_signed(void **state)
{
    static const struct dns_key thief = {"kirikae", "hmac-sha256.", "b3RoZXItc2VjcmV0"};
    static const struct dns_key renamed = {"someone", "hmac-sha256.", "c2VjcmV0LXNlY3JldA=="};
    static const struct dns_key weaker = {"kirikae", "hmac-sha1.", "c2VjcmV0LXNlY3JldA=="};
    ldns_rdf *name = ldns_dname_new_frm_str("sip.call.example");
    struct dns_request request = {0}, other = {0};
    ldns_pkt *packet;
    struct err err;

    dns_query(&request, name, LDNS_RR_TYPE_A, &key);
    dns_query(&other, name, LDNS_RR_TYPE_A, &key);
    assert_int_equal(judged(&request, answer_to(&request, 0), &key, request.mac, &err), 0);
    assert_int_equal(
        judged(&request, answer_to(&request, LDNS_RCODE_NXDOMAIN), &key, request.mac, &err), 0);
    assert_int_equal(judged(&request, answer_to(&request, 0), NULL, NULL, &err), DNS_NOT_OURS);
    assert_int_equal(judged(&request, answer_to(&request, 0), &thief, request.mac, &err),
                     DNS_NOT_OURS);
    assert_int_equal(judged(&request, answer_to(&request, 0), &renamed, request.mac, &err),
                     DNS_NOT_OURS);
    assert_int_equal(judged(&request, answer_to(&request, 0), &weaker, request.mac, &err),
                     DNS_NOT_OURS);
    /* An answer to somebody else's question, or an old one played again. */
    assert_int_equal(judged(&request, answer_to(&request, 0), &key, other.mac, &err), DNS_NOT_OURS);
    packet = answer_to(&request, 0);
    ldns_pkt_set_id(packet, (uint16_t)(request.id + 1));
    assert_int_equal(judged(&request, packet, &key, request.mac, &err), DNS_NOT_OURS);
    packet = answer_to(&request, 0);
    ldns_pkt_set_qr(packet, false);
    assert_int_equal(judged(&request, packet, &key, request.mac, &err), DNS_NOT_OURS);
    packet = answer_to(&request, 0);
    ldns_pkt_set_aa(packet, false);
    assert_int_equal(judged(&request, packet, &key, request.mac, &err), ERR_INVALID);
    dns_request_free(&request);
    dns_request_free(&other);
    ldns_rdf_deep_free(name);
}

static void refusals(void **state)
{
    static const struct {
        ldns_pkt_rcode rcode;
        int query, update;
    } cases[] = {
        {LDNS_RCODE_REFUSED, ERR_DENIED, ERR_DENIED},
        {LDNS_RCODE_NOTAUTH, ERR_INVALID, ERR_DENIED},
        {LDNS_RCODE_NOTZONE, ERR_INVALID, ERR_INVALID},
        {LDNS_RCODE_NOTIMPL, ERR_INVALID, ERR_INVALID},
        {LDNS_RCODE_FORMERR, ERR_INVALID, ERR_INVALID},
        {LDNS_RCODE_SERVFAIL, ERR_UNAVAILABLE, ERR_UNAVAILABLE},
        {LDNS_RCODE_NXRRSET, ERR_INVALID, DNS_PREREQUISITE},
        {LDNS_RCODE_YXRRSET, ERR_INVALID, DNS_PREREQUISITE},
        {LDNS_RCODE_NXDOMAIN, 0, DNS_PREREQUISITE},
        {LDNS_RCODE_YXDOMAIN, ERR_INVALID, DNS_PREREQUISITE},
    };
    struct dns_place place = {.zone = ldns_dname_new_frm_str("call.example"),
                              .record = ldns_dname_new_frm_str("sip.call.example"),
                              .token = ldns_dname_new_frm_str("_kirikae.sip.call.example")};
    struct dns_request query = {0}, update = {0};
    struct err err;

    dns_query(&query, place.record, LDNS_RR_TYPE_A, &key);
    dns_update(&update, &place, NULL, 1, 0, &key);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(judged(&query, answer_to(&query, cases[i].rcode), &key, query.mac, &err),
                         cases[i].query);
        assert_int_equal(
            judged(&update, answer_to(&update, cases[i].rcode), &key, update.mac, &err),
            cases[i].update);
    }
    dns_request_free(&query);
    dns_request_free(&update);
    dns_place_free(&place);
}

/* A refusal of the key is not signed: NOTAUTH and the reason in the TSIG record. */
static void key_refusals(void **state)
{
    static const struct {
        uint16_t error;
        const char *text;
    } cases[] = {{16, "BADSIG"}, {17, "BADKEY"}, {18, "BADTIME"}, {22, "error 22"}};
    ldns_rdf *name = ldns_dname_new_frm_str("sip.call.example");
    struct dns_request request = {0};
    struct err err;

    dns_query(&request, name, LDNS_RR_TYPE_A, &key);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ldns_pkt *packet = answer_to(&request, LDNS_RCODE_NOTAUTH);

        assert_int_equal(ldns_pkt_tsig_sign(packet, key.name, key.secret, 300, key.algorithm, NULL),
                         LDNS_STATUS_OK);
        ldns_rdf_deep_free(ldns_rr_set_rdf(
            ldns_pkt_tsig(packet), ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, cases[i].error), 5));
        assert_int_equal(judged(&request, packet, NULL, NULL, &err), ERR_DENIED);
        assert_non_null(strstr(err.text, cases[i].text));
    }
    dns_request_free(&request);
    ldns_rdf_deep_free(name);
}

/* Damaged answers: every byte changed, every length; none is accepted, none hurts. */
static void damaged_answers(void **state)
{
    ldns_rdf *name = ldns_dname_new_frm_str("sip.call.example");
    struct prng prng;
    struct dns_request request = {0};
    ldns_pkt *packet, *got;
    uint8_t *wire, *copy;
    struct err err;
    size_t len;

    prng_seed(&prng, 1);
    dns_query(&request, name, LDNS_RR_TYPE_A, &key);
    packet = answer_to(&request, 0);
    assert_int_equal(
        ldns_pkt_tsig_sign(packet, key.name, key.secret, 300, key.algorithm, request.mac),
        LDNS_STATUS_OK);
    assert_int_equal(ldns_pkt2wire(&wire, packet, &len), LDNS_STATUS_OK);
    for (size_t cut = 0; cut < len; cut++) {
        copy = mem_dup(wire, cut > 0 ? cut : 1);
        assert_int_not_equal(dns_answer(&request, &key, copy, cut, &got, &err), 0);
        mem_free(copy);
    }
    copy = mem_dup(wire, len);
    for (int i = 0; i < 20000; i++) {
        size_t at = prng_below(&prng, (uint32_t)len);
        uint8_t was = copy[at];

        copy[at] ^= (uint8_t)(1 + prng_below(&prng, 255));
        /* Case of a name, or a TTL that is not signed: harmless when accepted. */
        if (dns_answer(&request, &key, copy, len, &got, &err) == 0)
            ldns_pkt_free(got);
        copy[at] = was;
    }
    mem_free(copy);
    free(wire);
    ldns_pkt_free(packet);
    dns_request_free(&request);
    ldns_rdf_deep_free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(haproxy_maps),
        cmocka_unit_test(haproxy_versions),
        cmocka_unit_test(haproxy_servers),
        cmocka_unit_test(key_files),
        cmocka_unit_test(tokens),
        cmocka_unit_test(answers_must_be_signed),
        cmocka_unit_test(refusals),
        cmocka_unit_test(key_refusals),
        cmocka_unit_test(damaged_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
