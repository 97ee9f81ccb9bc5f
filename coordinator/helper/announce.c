#include "helper/announce.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct port {
    int index;
    uint8_t mac[ETH_ALEN];
};

/* False: not an Ethernet, or gone. */
static bool find_port(const char *interface, struct port *port)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    bool found;

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
    found = fd >= 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
            request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    memcpy(port->mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
    port->index = (int)if_nametoindex(interface);
    if (fd >= 0)
        close(fd);
    return found && port->index > 0;
}

/* An ARP request for the address, from itself: every cache that has it takes it in. */
static int announce_arp(const struct port *port, const uint8_t address[4])
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ARP),
                             .sll_ifindex = port->index,
                             .sll_halen = ETH_ALEN,
                             .sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    uint8_t packet[28] = {0, 1, 8, 0, ETH_ALEN, 4, 0, ARPOP_REQUEST};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

    if (fd < 0)
        return -errno;
    memcpy(packet + 8, port->mac, ETH_ALEN);
    memcpy(packet + 14, address, 4);
    memcpy(packet + 24, address, 4);
    r = sendto(fd, packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0
            ? -errno
            : 0;
    close(fd);
    return r;
}

static int announce_neighbour(const struct port *port, const uint8_t address[16])
{
    struct {
        struct nd_neighbor_advert head;
        struct nd_opt_hdr option;
        uint8_t mac[ETH_ALEN];
    } packet = {
        .head = {.nd_na_type = ND_NEIGHBOR_ADVERT, .nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE},
        .option = {.nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1}};
    struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)port->index};
    struct sockaddr_in6 to = from;
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), r = 0;
    int hops = 255; /* any other is ignored */

    if (fd < 0)
        return -errno;
    memcpy(&packet.head.nd_na_target, address, 16);
    memcpy(packet.mac, port->mac, ETH_ALEN);
    memcpy(&from.sin6_addr, address, 16);
    to.sin6_addr = (struct in6_addr){{{0xff, 0x02, [15] = 1}}};
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &port->index, sizeof port->index) < 0 ||
        bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
        sendto(fd, &packet, sizeof packet, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0)
        r = -errno;
    close(fd);
    return r;
}

int announce(const struct helper_address *address, struct err *err)
{
    struct port port;
    int r;

    if (!find_port(address->interface, &port))
        return 0;
    r = address->family == AF_INET ? announce_arp(&port, address->bytes)
                                   : announce_neighbour(&port, address->bytes);
    return r == 0 ? 0
                  : err_set(err, ERR_IO, "%s cannot be announced on %s: %s", address->text,
                            address->interface, strerror(-r));
}
