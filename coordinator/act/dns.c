/* A name's addresses by RFC 2136 updates under TSIG. The (epoch, step) stands as TXT at
 * _kirikae.<record> and is the update's prerequisite: the server itself compares and
 * sets, so of two movers the second one's update fails and it reads again.
 *
 *   read    TXT, A and AAAA at once, at the server itself   -> done, stale, or go on
 *   update  one message: if TXT is as read, replace all three; then read again
 *
 * An update whose answer was lost is sent again as the same bytes. If the first one had
 * arrived, the second one's prerequisite fails, and reading shows that all is done. */
#include "act/address.h"
#include "act/call.h"
#include "act/dns_ask.h"
#include "act/dns_message.h"
#include "base/mem.h"

#include <string.h>

enum { SLOT_TOKEN, SLOT_A, SLOT_AAAA, N_SLOTS };
/* Updates in one call: the first, and one after somebody else's got in between. */
enum { UPDATES_MAX = 2 };

struct slot {
    struct dns_request request;
    struct dns_ask *ask;
    ldns_rr_list *set; /* the answer */
};

struct dns {
    struct sockaddr_storage server;
    struct dns_key key;
    struct dns_place place;
    struct slot slots[N_SLOTS];
    int waiting; /* for answers to a read */
    int updates;
    bool read;
};

static void read_all(struct call *call);

static void ask(struct call *call, int slot, dns_answered *answered)
{
    struct dns *dns = call->state;

    dns->slots[slot].ask = dns_ask(call, &dns->server, &dns->slots[slot].request, answered, slot);
}

static bool on_updated(struct call *call, int slot, const uint8_t *wire, size_t len)
{
    struct dns *dns = call->state;
    ldns_pkt *packet;
    struct err err;
    int rv = dns_answer(&dns->slots[slot].request, &dns->key, wire, len, &packet, &err);

    if (rv == DNS_NOT_OURS)
        return false;
    dns->slots[slot].ask = NULL;
    ldns_pkt_free(packet);
    if (rv < 0)
        call_fail(call, rv, "%s", err.text);
    else
        read_all(call);
    return true;
}

static void update(struct call *call)
{
    struct dns *dns = call->state;

    if (!call_may(call))
        return;
    call->doing = "updating";
    dns->updates++;
    dns_update(&dns->slots[SLOT_TOKEN].request, &dns->place, dns->slots[SLOT_TOKEN].set,
               call->order.epoch, call->order.step, &dns->key);
    ask(call, SLOT_TOKEN, on_updated);
}

static void decide(struct call *call)
{
    struct dns *dns = call->state;
    uint32_t epoch, step;
    bool exact, says;
    int order;

    dns_token(dns->slots[SLOT_TOKEN].set, &epoch, &step, &exact);
    order = call_compare(call, epoch, step);
    if (order > 0)
        return;
    says = order == 0 && exact &&
           dns_same_addresses(&dns->place, dns->slots[SLOT_A].set, LDNS_RR_TYPE_A) &&
           dns_same_addresses(&dns->place, dns->slots[SLOT_AAAA].set, LDNS_RR_TYPE_AAAA);
    if (!dns->read)
        call->result.changed = !says;
    dns->read = true;
    if (says)
        call_finish(call, 0);
    else if (dns->updates < UPDATES_MAX)
        update(call);
    else
        call_fail(call, ERR_INVALID,
                  "after %d updates it still says epoch %u.%u or other "
                  "addresses",
                  dns->updates, epoch, step);
}

static const ldns_rdf *slot_name(const struct dns *dns, int slot)
{
    return slot == SLOT_TOKEN ? dns->place.token : dns->place.record;
}

static ldns_rr_type slot_type(int slot)
{
    static const ldns_rr_type types[] = {LDNS_RR_TYPE_TXT, LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA};

    return types[slot];
}

static bool on_read(struct call *call, int slot, const uint8_t *wire, size_t len)
{
    struct dns *dns = call->state;
    ldns_pkt *packet;
    struct err err;
    int rv = dns_answer(&dns->slots[slot].request, &dns->key, wire, len, &packet, &err);

    if (rv == DNS_NOT_OURS)
        return false;
    dns->slots[slot].ask = NULL;
    if (rv != 0) {
        call_fail(call, rv, "%s", err.text);
        return true;
    }
    dns->slots[slot].set = dns_rrset(packet, slot_name(dns, slot), slot_type(slot));
    ldns_pkt_free(packet);
    if (--dns->waiting == 0)
        decide(call);
    return true;
}

static void read_all(struct call *call)
{
    struct dns *dns = call->state;

    call->doing = dns->read ? "verifying" : "reading";
    dns->waiting = N_SLOTS;
    for (int i = 0; i < N_SLOTS && !call->finished; i++) {
        ldns_rr_list_deep_free(dns->slots[i].set);
        dns->slots[i].set = NULL;
        dns_query(&dns->slots[i].request, slot_name(dns, i), slot_type(i), &dns->key);
        ask(call, i, on_read);
    }
}

static void dns_start(struct call *call)
{
    struct dns *dns = mem_zalloc(1, sizeof *dns);
    struct err err;
    int rv;

    call->state = dns;
    rv = act_address_parse(call->actuator->address, &dns->server, &err);
    if (rv == 0)
        rv = dns_key_load(call->actuator, &dns->key, &err);
    if (rv == 0)
        rv = dns_place_init(&dns->place, call->actuator, call->order.model, call->candidate,
                            call->order.members, &err);
    if (rv != 0)
        call_fail(call, rv, "%s", err.text);
    else
        read_all(call);
}

static void dns_stop(struct call *call)
{
    struct dns *dns = call->state;

    for (int i = 0; i < N_SLOTS; i++) {
        dns_ask_stop(dns->slots[i].ask);
        dns->slots[i].ask = NULL;
    }
}

static void dns_free(struct call *call)
{
    struct dns *dns = call->state;

    for (int i = 0; i < N_SLOTS; i++) {
        dns_request_free(&dns->slots[i].request);
        ldns_rr_list_deep_free(dns->slots[i].set);
    }
    dns_place_free(&dns->place);
    explicit_bzero(&dns->key, sizeof dns->key);
    mem_free(dns);
}

const struct driver driver_dns = {dns_start, dns_stop, dns_free};
