#include "helper/address.h"
#include "base/mem.h"
#include "core/failover/holding.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

struct netlink {
    struct mnl_socket *socket;
    unsigned port, sequence;
};

#define BYTES 8192 /* MNL_SOCKET_BUFFER_SIZE at most */

int netlink_open(struct netlink **out, struct err *err)
{
    struct netlink *netlink = mem_zalloc(1, sizeof *netlink);

    *out = netlink;
    netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (netlink->socket == NULL || mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return err_set(err, ERR_IO, "netlink: %s", strerror(errno));
    netlink->port = mnl_socket_get_portid(netlink->socket);
    return 0;
}

void netlink_close(struct netlink *netlink)
{
    if (netlink == NULL)
        return;
    if (netlink->socket != NULL)
        mnl_socket_close(netlink->socket);
    mem_free(netlink);
}

/* Sends one request; `each` sees what it answers. 0, or errno negated. */
static int ask(struct netlink *netlink, struct nlmsghdr *request, mnl_cb_t each, void *context)
{
    char bytes[BYTES];
    ssize_t n;
    int r = MNL_CB_OK;

    request->nlmsg_seq = ++netlink->sequence;
    if (mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) < 0)
        return -errno;
    while (r > MNL_CB_STOP) {
        n = mnl_socket_recvfrom(netlink->socket, bytes, sizeof bytes);
        if (n < 0)
            return -errno;
        r = mnl_cb_run(bytes, (size_t)n, request->nlmsg_seq, netlink->port, each, context);
        if (r < 0)
            return -errno;
    }
    return 0;
}

static size_t address_len(const struct helper_address *address)
{
    return address->family == AF_INET ? 4 : 16;
}

static struct nlmsghdr *address_request(char *bytes, uint16_t type, uint16_t flags,
                                        const struct helper_address *address, unsigned index)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
    struct ifaddrmsg *body;

    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | flags;
    body = mnl_nlmsg_put_extra_header(request, sizeof *body);
    body->ifa_family = (uint8_t)address->family;
    body->ifa_prefixlen = (uint8_t)address->prefix;
    body->ifa_index = index;
    body->ifa_scope = RT_SCOPE_UNIVERSE;
    mnl_attr_put(request, IFA_LOCAL, address_len(address), address->bytes);
    mnl_attr_put(request, IFA_ADDRESS, address_len(address), address->bytes);
    return request;
}

/* ---- reading back ---- */

struct search {
    const struct helper_address *address;
    unsigned index;
    bool found;
};

static int look(const struct nlmsghdr *message, void *context)
{
    const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
    struct search *search = context;
    const struct nlattr *attribute;

    if (body->ifa_index != search->index || body->ifa_family != search->address->family)
        return MNL_CB_OK;
    mnl_attr_for_each(attribute, message, sizeof *body)
    {
        uint16_t type = mnl_attr_get_type(attribute);

        /* IPv6 has no IFA_LOCAL but for peers. */
        if (type == (search->address->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS) &&
            mnl_attr_get_payload_len(attribute) == address_len(search->address) &&
            memcmp(mnl_attr_get_payload(attribute), search->address->bytes,
                   address_len(search->address)) == 0)
            search->found = true;
    }
    return MNL_CB_OK;
}

static int is_there(struct netlink *netlink, const struct helper_address *address, unsigned index,
                    bool *there, struct err *err)
{
    struct search search = {.address = address, .index = index};
    char bytes[BYTES];
    struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
    struct ifaddrmsg *body;
    int r;

    request->nlmsg_type = RTM_GETADDR;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    body = mnl_nlmsg_put_extra_header(request, sizeof *body);
    body->ifa_family = (uint8_t)address->family;
    r = ask(netlink, request, look, &search);
    if (r < 0)
        return err_set(err, ERR_IO, "%s: reading back: %s", address->text, strerror(-r));
    *there = search.found;
    return 0;
}

/* ---- changing ---- */

int address_put(struct netlink *netlink, const struct helper_address *address, struct err *err)
{
    struct ifa_cacheinfo life = {.ifa_prefered = HOLDING_LIFE_S, .ifa_valid = HOLDING_LIFE_S};
    unsigned index = if_nametoindex(address->interface);
    char bytes[BYTES];
    struct nlmsghdr *request;
    bool there;
    int r;

    if (index == 0)
        return err_set(err, ERR_IO, "%s: there is no interface %s", address->text,
                       address->interface);
    request = address_request(bytes, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, address,
                              index);
    mnl_attr_put(request, IFA_CACHEINFO, sizeof life, &life);
    if (address->family == AF_INET6) /* who had it before may still answer for it */
        mnl_attr_put_u32(request, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    r = ask(netlink, request, NULL, NULL);
    if (r < 0)
        return err_set(err, ERR_IO, "%s on %s: %s", address->text, address->interface,
                       strerror(-r));
    r = is_there(netlink, address, index, &there, err);
    if (r == 0 && !there)
        r = err_set(err, ERR_IO, "%s is not on %s after it was put there", address->text,
                    address->interface);
    return r;
}

int address_take(struct netlink *netlink, const struct helper_address *address, struct err *err)
{
    unsigned index = if_nametoindex(address->interface);
    char bytes[BYTES];
    bool there;
    int r;

    if (index == 0)
        return 0;
    r = ask(netlink, address_request(bytes, RTM_DELADDR, NLM_F_ACK, address, index), NULL, NULL);
    if (r < 0 && r != -EADDRNOTAVAIL && r != -ENODEV)
        return err_set(err, ERR_IO, "%s off %s: %s", address->text, address->interface,
                       strerror(-r));
    r = is_there(netlink, address, index, &there, err);
    if (r == 0 && there)
        r = err_set(err, ERR_IO, "%s is still on %s after it was taken off", address->text,
                    address->interface);
    return r;
}

int interface_set(struct netlink *netlink, const char *interface, bool up, struct err *err)
{
    unsigned index = if_nametoindex(interface);
    char bytes[BYTES];
    struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
    struct ifinfomsg *body;
    int r;

    if (index == 0 && !up)
        return 0;
    request->nlmsg_type = RTM_NEWLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    body = mnl_nlmsg_put_extra_header(request, sizeof *body);
    body->ifi_family = AF_UNSPEC;
    body->ifi_index = (int)index;
    body->ifi_change = IFF_UP;
    body->ifi_flags = up ? IFF_UP : 0;
    r = index != 0 ? ask(netlink, request, NULL, NULL) : -ENODEV;
    if (r < 0)
        return err_set(err, ERR_IO, "interface %s: %s", interface, strerror(-r));
    return 0;
}
