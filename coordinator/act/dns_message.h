/* DNS messages of the driver (RFC 1035, 2136, 8945): built, signed, checked and taken
 * apart with ldns. No I/O but the reading of the key file. */
#ifndef ACT_DNS_MESSAGE_H
#define ACT_DNS_MESSAGE_H

#include "base/err.h"
#include "core/model/model.h"

#include <ldns/ldns.h>

#define DNS_UDP_MAX 1232          /* what fits unfragmented (DNS flag day 2020) */
#define DNS_ANSWER_MAX (16 << 10) /* of an answer, over TCP too */
#define DNS_KEY_FILE_MAX 4096

struct dns_key {
    char name[LIMIT_NAME];
    char algorithm[LIMIT_NAME + 1]; /* with the dot at the end */
    char secret[512];               /* base64 */
};
/* Reads the actuator's key file: the base64 secret alone or BIND's key "…" { … secret
 * "…"; }; A file that everybody may read or write is refused. 0 or negative. */
int dns_key_load(const struct actuator *actuator, struct dns_key *key, struct err *err);
/* The file's text alone; `secret` has room for sizeof dns_key.secret. */
int dns_key_parse(const char *text, char *secret, struct err *err);

/* What is written where: parsed and checked names and addresses. */
struct dns_place {
    ldns_rdf *zone, *record, *token;    /* owned; token: _kirikae.<record> */
    ldns_rdf *addresses[LIMIT_SERVERS]; /* owned: rdata of A or AAAA */
    int n_addresses;
    uint32_t ttl_s;
};
int dns_place_init(struct dns_place *place, const struct actuator *actuator,
                   const struct model *model, const struct candidate *candidate, server_set members,
                   struct err *err);
void dns_place_free(struct dns_place *place);

struct dns_request {
    uint8_t *wire; /* owned, by ldns */
    size_t len;
    uint16_t id;
    bool update;
    ldns_rdf *mac; /* owned: what the answer's signature covers too */
};
void dns_request_free(struct dns_request *request);

void dns_query(struct dns_request *request, const ldns_rdf *name, ldns_rr_type type,
               const struct dns_key *key);
/* One UPDATE: provided that the token's TXT set is exactly `old` (NULL or empty: none),
 * the addresses and the token (epoch, step) replace what is there. */
void dns_update(struct dns_request *request, const struct dns_place *place, const ldns_rr_list *old,
                uint32_t epoch, uint32_t step, const struct dns_key *key);

enum {
    DNS_NOT_OURS = 1,     /* not an answer to this request, or not signed as it must be: ignore */
    DNS_PREREQUISITE = 2, /* the update's condition did not hold */
};
/* 0: `packet` (owned by the caller) is the signed answer; DNS_…; negative: what the
 * server refuses, as a clear text. */
int dns_answer(const struct dns_request *request, const struct dns_key *key, const uint8_t *wire,
               size_t len, ldns_pkt **packet, struct err *err);

/* The set of `type` at `name` in an answer: owned by the caller, empty when there is none. */
ldns_rr_list *dns_rrset(const ldns_pkt *packet, const ldns_rdf *name, ldns_rr_type type);
/* The newest (epoch, step) among TXT records; *exact: one record, well formed. */
void dns_token(const ldns_rr_list *set, uint32_t *epoch, uint32_t *step, bool *exact);
/* Are the addresses of `type` exactly those of the sets? */
bool dns_same_addresses(const struct dns_place *place, const ldns_rr_list *set, ldns_rr_type type);

#endif
