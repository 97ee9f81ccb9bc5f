#include "act/dns_message.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How far the clocks may differ (RFC 8945, 10). */
enum { FUDGE_S = 300 };

/* ---- what is written where ---- */

static ldns_rdf *name_of(const char *what, const char *text, struct err *err)
{
    ldns_rdf *name = text[0] == '\0' ? NULL : ldns_dname_new_frm_str(text);

    if (name == NULL)
        err_set(err, ERR_INVALID, "%s: \"%s\" is no domain name", what, text);
    return name;
}

static ldns_rdf *address_of(const struct server *server, struct err *err)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (inet_pton(AF_INET, server->host, &v4) == 1)
        return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, sizeof v4, &v4);
    if (inet_pton(AF_INET6, server->host, &v6) == 1)
        return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, sizeof v6, &v6);
    err_set(err, ERR_INVALID, "server %s: its host \"%s\" is no address to put into the DNS",
            server->name, server->host);
    return NULL;
}

int dns_place_init(struct dns_place *place, const struct actuator *actuator,
                   const struct model *model, const struct candidate *candidate, server_set members,
                   struct err *err)
{
    char token[LIMIT_TEXT + 16];

    memset(place, 0, sizeof *place);
    snprintf(token, sizeof token, "_kirikae.%s", actuator->record);
    place->ttl_s = (uint32_t)actuator->ttl_s;
    place->zone = name_of("zone", actuator->zone, err);
    place->record = name_of("record", actuator->record, err);
    place->token = name_of("record", token, err);
    if (place->zone == NULL || place->record == NULL || place->token == NULL)
        return ERR_INVALID;
    if (ldns_dname_compare(place->zone, place->record) != 0 &&
        !ldns_dname_is_subdomain(place->record, place->zone))
        return err_set(err, ERR_INVALID, "record %s is not in zone %s", actuator->record,
                       actuator->zone);
    for (int i = 0; i < candidate->n_members; i++) {
        int server = candidate->members[i];

        if (!(members & server_bit(server)))
            continue;
        place->addresses[place->n_addresses] = address_of(&model->servers[server], err);
        if (place->addresses[place->n_addresses++] == NULL)
            return ERR_INVALID;
    }
    return 0;
}

void dns_place_free(struct dns_place *place)
{
    ldns_rdf_deep_free(place->zone);
    ldns_rdf_deep_free(place->record);
    ldns_rdf_deep_free(place->token);
    for (int i = 0; i < place->n_addresses; i++)
        ldns_rdf_deep_free(place->addresses[i]);
    memset(place, 0, sizeof *place);
}

static ldns_rr_type type_of(const ldns_rdf *address)
{
    return ldns_rdf_get_type(address) == LDNS_RDF_TYPE_A ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA;
}

/* ---- requests ---- */

static ldns_rr *rr_new(const ldns_rdf *owner, ldns_rr_type type, ldns_rr_class class,
                       uint32_t ttl_s, ldns_rdf *rdata)
{
    ldns_rr *rr = ldns_rr_new();

    CHECK(rr != NULL);
    ldns_rr_set_owner(rr, ldns_rdf_clone(owner));
    ldns_rr_set_type(rr, type);
    ldns_rr_set_class(rr, class);
    ldns_rr_set_ttl(rr, ttl_s);
    if (rdata != NULL)
        CHECK(ldns_rr_push_rdf(rr, rdata));
    return rr;
}

static void push(ldns_pkt *packet, ldns_pkt_section section, ldns_rr *rr)
{
    CHECK(ldns_pkt_push_rr(packet, section, rr));
}

static ldns_pkt *packet_new(ldns_pkt_opcode opcode, const ldns_rdf *name, ldns_rr_type type)
{
    ldns_pkt *packet = ldns_pkt_new();
    ldns_rr *question = rr_new(name, type, LDNS_RR_CLASS_IN, 0, NULL);

    CHECK(packet != NULL);
    ldns_rr_set_question(question, true);
    ldns_pkt_set_opcode(packet, opcode);
    ldns_pkt_set_random_id(packet);
    push(packet, LDNS_SECTION_QUESTION, question);
    return packet;
}

/* Signs, takes the bytes and frees the packet. */
static void seal(struct dns_request *request, ldns_pkt *packet, const struct dns_key *key)
{
    dns_request_free(request);
    /* The key was checked when it was read: what is left is memory. */
    CHECK(ldns_pkt_tsig_sign(packet, key->name, key->secret, FUDGE_S, key->algorithm, NULL) ==
          LDNS_STATUS_OK);
    request->mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(packet), 3));
    request->id = ldns_pkt_id(packet);
    request->update = ldns_pkt_get_opcode(packet) == LDNS_PACKET_UPDATE;
    CHECK(ldns_pkt2wire(&request->wire, packet, &request->len) == LDNS_STATUS_OK);
    ldns_pkt_free(packet);
}

void dns_request_free(struct dns_request *request)
{
    LDNS_FREE(request->wire);
    ldns_rdf_deep_free(request->mac);
    memset(request, 0, sizeof *request);
}

void dns_query(struct dns_request *request, const ldns_rdf *name, ldns_rr_type type,
               const struct dns_key *key)
{
    ldns_pkt *packet = packet_new(LDNS_PACKET_QUERY, name, type);

    ldns_pkt_set_edns_udp_size(packet, DNS_UDP_MAX);
    seal(request, packet, key);
}

static ldns_rdf *token_text(uint32_t epoch, uint32_t step)
{
    char text[64]; /* a length byte, then the characters */
    ldns_rdf *rdata;
    int len = snprintf(text + 1, sizeof text - 1, "epoch=%u step=%u", epoch, step);

    text[0] = (char)len;
    rdata = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, (size_t)len + 1, text);
    CHECK(rdata != NULL);
    return rdata;
}

void dns_update(struct dns_request *request, const struct dns_place *place, const ldns_rr_list *old,
                uint32_t epoch, uint32_t step, const struct dns_key *key)
{
    ldns_pkt *packet = packet_new(LDNS_PACKET_UPDATE, place->zone, LDNS_RR_TYPE_SOA);
    size_t n_old = old == NULL ? 0 : ldns_rr_list_rr_count(old);

    /* Prerequisites: RFC 2136, 2.4.3 (RRset does not exist) and 2.4.2 (exists, with value). */
    if (n_old == 0)
        push(packet, LDNS_SECTION_ANSWER,
             rr_new(place->token, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_NONE, 0, NULL));
    for (size_t i = 0; i < n_old; i++) {
        ldns_rr *rr = ldns_rr_clone(ldns_rr_list_rr(old, i));

        CHECK(rr != NULL);
        ldns_rr_set_ttl(rr, 0);
        push(packet, LDNS_SECTION_ANSWER, rr);
    }
    /* Updates: class ANY deletes a set (2.5.2), the zone's class adds to one (2.5.1). */
    push(packet, LDNS_SECTION_AUTHORITY,
         rr_new(place->record, LDNS_RR_TYPE_A, LDNS_RR_CLASS_ANY, 0, NULL));
    push(packet, LDNS_SECTION_AUTHORITY,
         rr_new(place->record, LDNS_RR_TYPE_AAAA, LDNS_RR_CLASS_ANY, 0, NULL));
    push(packet, LDNS_SECTION_AUTHORITY,
         rr_new(place->token, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_ANY, 0, NULL));
    for (int i = 0; i < place->n_addresses; i++)
        push(packet, LDNS_SECTION_AUTHORITY,
             rr_new(place->record, type_of(place->addresses[i]), LDNS_RR_CLASS_IN, place->ttl_s,
                    ldns_rdf_clone(place->addresses[i])));
    push(packet, LDNS_SECTION_AUTHORITY,
         rr_new(place->token, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN, place->ttl_s,
                token_text(epoch, step)));
    seal(request, packet, key);
}

/* ---- answers ---- */

/* TSIG's own error field (RFC 8945, 3); 0 without a signature record. */
static int tsig_error(const ldns_pkt *packet)
{
    const ldns_rr *tsig = ldns_pkt_tsig(packet);

    if (tsig == NULL || ldns_rr_rd_count(tsig) <= 6)
        return 0;
    return ldns_rdf2native_int16(ldns_rr_rdf(tsig, 5));
}

static bool verify(const struct dns_request *request, const struct dns_key *key,
                   const uint8_t *wire, size_t len, ldns_pkt *packet)
{
    const ldns_rr *tsig = ldns_pkt_tsig(packet);
    char *algorithm;
    bool same;

    if (tsig == NULL || ldns_rr_rd_count(tsig) <= 6)
        return false;
    algorithm = ldns_rdf2str(ldns_rr_rdf(tsig, 0));
    same = algorithm != NULL && strcasecmp(algorithm, key->algorithm) == 0;
    LDNS_FREE(algorithm);
    return same && ldns_pkt_tsig_verify(packet, wire, len, key->name, key->secret, request->mac);
}

static int tsig_refusal(const struct dns_key *key, int error, struct err *err)
{
    switch (error) {
    case 16:
        return err_set(err, ERR_DENIED, "BADSIG: the server has another secret for TSIG key %s",
                       key->name);
    case 17:
        /* knotd says the same when the key is known and its rules do not let it. */
        return err_set(err, ERR_DENIED,
                       "BADKEY: the server does not know TSIG key %s (%s), or the key may not "
                       "do this",
                       key->name, key->algorithm);
    case 18:
        return err_set(err, ERR_DENIED,
                       "BADTIME: the server's clock and ours differ by more "
                       "than %d s",
                       FUDGE_S);
    default:
        return err_set(err, ERR_DENIED, "the server refuses TSIG key %s (error %d)", key->name,
                       error);
    }
}

static int rcode_refusal(const struct dns_request *request, const struct dns_key *key,
                         ldns_pkt_rcode rcode, struct err *err)
{
    switch (rcode) {
    case LDNS_RCODE_REFUSED:
        return request->update
                   ? err_set(err, ERR_DENIED, "REFUSED: TSIG key %s may not make this update",
                             key->name)
                   : err_set(err, ERR_DENIED, "REFUSED: the server does not answer for this name");
    case LDNS_RCODE_NOTAUTH:
        return request->update ? err_set(err, ERR_DENIED,
                                         "NOTAUTH: TSIG key %s may not update this zone, or "
                                         "the server is not its primary",
                                         key->name)
                               : err_set(err, ERR_INVALID, "NOTAUTH: not a server of this zone");
    case LDNS_RCODE_NOTZONE:
        return err_set(err, ERR_INVALID, "NOTZONE: the record is not in the zone");
    case LDNS_RCODE_NOTIMPL:
        return err_set(err, ERR_INVALID, "NOTIMP: the server knows no updates");
    case LDNS_RCODE_FORMERR:
        return err_set(err, ERR_INVALID, "FORMERR: the server does not understand the request");
    case LDNS_RCODE_SERVFAIL:
        return err_set(err, ERR_UNAVAILABLE, "SERVFAIL: the server cannot answer now");
    default:
        return err_set(err, ERR_INVALID, "the server answers with code %d", (int)rcode);
    }
}

/* Only success must be proved: a forged refusal gains no more than a lost answer, and a
 * server that does not know the key cannot sign what it says about it. */
static int judge(const struct dns_request *request, const struct dns_key *key, const uint8_t *wire,
                 size_t len, ldns_pkt *packet, struct err *err)
{
    ldns_pkt_rcode rcode = ldns_pkt_get_rcode(packet);

    if (tsig_error(packet) != 0)
        return tsig_refusal(key, tsig_error(packet), err);
    switch (rcode) {
    case LDNS_RCODE_NOERROR:
        break;
    case LDNS_RCODE_NXDOMAIN:
    case LDNS_RCODE_YXDOMAIN:
    case LDNS_RCODE_YXRRSET:
    case LDNS_RCODE_NXRRSET:
        if (request->update || rcode == LDNS_RCODE_NXDOMAIN)
            break;
        /* fall through */
    default:
        return rcode_refusal(request, key, rcode, err);
    }
    if (!verify(request, key, wire, len, packet))
        return DNS_NOT_OURS;
    if (request->update)
        return rcode == LDNS_RCODE_NOERROR ? 0 : DNS_PREREQUISITE;
    if (!ldns_pkt_aa(packet))
        return err_set(err, ERR_INVALID, "the server is not authoritative for this name");
    return 0;
}

int dns_answer(const struct dns_request *request, const struct dns_key *key, const uint8_t *wire,
               size_t len, ldns_pkt **packet, struct err *err)
{
    ldns_pkt_opcode opcode = request->update ? LDNS_PACKET_UPDATE : LDNS_PACKET_QUERY;
    ldns_pkt *got;
    int rv;

    *packet = NULL;
    if (len < LDNS_HEADER_SIZE || len > DNS_ANSWER_MAX || LDNS_ID_WIRE(wire) != request->id ||
        !LDNS_QR_WIRE(wire) || LDNS_OPCODE_WIRE(wire) != opcode)
        return DNS_NOT_OURS;
    if (ldns_wire2pkt(&got, wire, len) != LDNS_STATUS_OK)
        return DNS_NOT_OURS;
    rv = judge(request, key, wire, len, got, err);
    if (rv == 0)
        *packet = got;
    else
        ldns_pkt_free(got);
    return rv;
}

ldns_rr_list *dns_rrset(const ldns_pkt *packet, const ldns_rdf *name, ldns_rr_type type)
{
    const ldns_rr_list *answer = ldns_pkt_answer(packet);
    ldns_rr_list *set = ldns_rr_list_new();

    CHECK(set != NULL);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answer, i);

        if (ldns_rr_get_type(rr) == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
            ldns_dname_compare(ldns_rr_owner(rr), name) == 0)
            CHECK(ldns_rr_list_push_rr(set, ldns_rr_clone(rr)));
    }
    return set;
}

static bool parse_token(const ldns_rr *rr, uint32_t *epoch, uint32_t *step)
{
    const ldns_rdf *rdata = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;
    unsigned long long e, s;
    char text[64], again[64];
    size_t len;

    if (rdata == NULL || ldns_rdf_size(rdata) < 1 || ldns_rdf_size(rdata) > sizeof text)
        return false;
    len = ldns_rdf_size(rdata) - 1; /* after the length byte */
    memcpy(text, ldns_rdf_data(rdata) + 1, len);
    text[len] = '\0';
    if (sscanf(text, "epoch=%10llu step=%10llu", &e, &s) != 2 || e > UINT32_MAX || s > UINT32_MAX)
        return false;
    /* Only what we would write ourselves. */
    snprintf(again, sizeof again, "epoch=%llu step=%llu", e, s);
    if (strcmp(text, again) != 0)
        return false;
    *epoch = (uint32_t)e;
    *step = (uint32_t)s;
    return true;
}

void dns_token(const ldns_rr_list *set, uint32_t *epoch, uint32_t *step, bool *exact)
{
    size_t n = ldns_rr_list_rr_count(set), good = 0;

    *epoch = *step = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t e, s;

        if (!parse_token(ldns_rr_list_rr(set, i), &e, &s))
            continue;
        good++;
        if (e > *epoch || (e == *epoch && s > *step)) {
            *epoch = e;
            *step = s;
        }
    }
    *exact = n == 1 && good == 1;
}

static bool has_address(const ldns_rr_list *set, const ldns_rdf *address)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(set); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(set, i);

        if (ldns_rr_rd_count(rr) == 1 && ldns_rdf_compare(ldns_rr_rdf(rr, 0), address) == 0)
            return true;
    }
    return false;
}

static bool is_ordered(const struct dns_place *place, const ldns_rr *rr)
{
    for (int i = 0; i < place->n_addresses; i++)
        if (ldns_rr_rd_count(rr) == 1 &&
            ldns_rdf_compare(ldns_rr_rdf(rr, 0), place->addresses[i]) == 0)
            return true;
    return false;
}

bool dns_same_addresses(const struct dns_place *place, const ldns_rr_list *set, ldns_rr_type type)
{
    for (int i = 0; i < place->n_addresses; i++)
        if (type_of(place->addresses[i]) == type && !has_address(set, place->addresses[i]))
            return false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(set); i++)
        if (!is_ordered(place, ldns_rr_list_rr(set, i)))
            return false;
    return true;
}
