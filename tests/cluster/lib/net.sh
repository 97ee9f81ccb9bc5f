# shellcheck shell=bash
# The lab's network. One namespace "net" holds a switch (bridge) per site and a core
# switch; every host is a namespace of its own with eth0:
#
#   voice-1..4  -- [tokyo] ----\
#   mirror-1..4 -- [osaka] ----- [core] -- lb-1, ns-1, caller
#   backup-1..4 -- [ishikari] -/
#
# The balancer, the name server and the caller hang on the core: they are not lost with
# a site. Cuts and losses are nftables rules between the ports of the switches: a packet
# that is dropped there is gone without a word, as with a dead cable.

net_ns() {
    printf '%s-%s\n' "$LAB_PREFIX" "$1"
}

# Can we make one? (Containers often forbid it.)
net_permitted() {
    local probe=kirikae-probe-$$
    ((EUID == 0)) && ip netns add "$probe" 2>/dev/null || return 1
    local good=0
    ip -n "$probe" link add probe type bridge 2>/dev/null &&
        nsenter --net="/run/netns/$probe" nft add table bridge probe 2>/dev/null || good=1
    ip netns del "$probe"
    return "$good"
}

net_remove() {
    local ns
    while read -r ns _; do
        [[ $ns != "$LAB_PREFIX"-* ]] || ip netns del "$ns"
    done < <(ip netns list)
}

# Commands for `ip -n net -batch`.
net_switches() {
    local site
    printf 'link set lo up\nlink add core type bridge\nlink set core up\n'
    for site in "${LAB_SITES[@]}"; do
        printf 'link add %s type bridge\nlink set %s up\n' "$site" "$site"
        printf 'link add up-%s type veth peer name core-%s\n' "$site" "$site"
        printf 'link set up-%s master %s up\n' "$site" "$site"
        printf 'link set core-%s master core up\n' "$site"
    done
}

net_add_host() {
    local host=$1 switch=$2 net
    net=$(net_ns net)
    ip netns add "$(net_ns "$host")"
    ip -n "$net" link add "$host" type veth peer name eth0 netns "$(net_ns "$host")"
    ip -n "$net" link set "$host" master "$switch" up
    ip -n "$(net_ns "$host")" -batch - <<BATCH
link set lo up
addr add $(lab_address "$host")/16 dev eth0
link set eth0 up
BATCH
}

# `ports` are the servers' own; the last switch on the way loses packets, once a packet.
net_rules() {
    local IFS=,
    cat <<RULES
table bridge lab {
    set cut { type ifname; }
    set ports { type ifname; elements = { ${LAB_SERVERS[*]} }; }
    chain loss { }
    chain forward {
        type filter hook forward priority 0; policy accept;
        iifname @cut drop
        oifname @cut drop
        oifname @ports ip saddr 10.20.1.0-10.20.3.255 ip daddr 10.20.1.0-10.20.3.255 jump loss
    }
}
RULES
}

net_nft() {
    nsenter --net="/run/netns/$(net_ns net)" nft "$@"
}

net_up() {
    local host
    net_remove
    ip netns add "$(net_ns net)"
    net_switches | ip -n "$(net_ns net)" -batch -
    net_rules | net_nft -f -
    for host in "${LAB_SERVERS[@]}"; do
        net_add_host "$host" "$(lab_site "$host")"
    done
    for host in lb-1 ns-1 caller; do
        net_add_host "$host" core
    done
    ! ((LAB_NOTICES)) || net_add_host post core
}

# net_cut PORT...: a server's name or up-SITE.
net_cut() {
    local IFS=,
    net_nft add element bridge lab cut "{ $* }"
}

# net_loss PERCENT of the packets from server to server.
net_loss() {
    net_nft -f - <<RULES
flush chain bridge lab loss
add rule bridge lab loss numgen random mod 100 < $1 drop
RULES
}

# net_blind SERVER: no other server reaches its service any more; callers do.
net_blind() {
    net_nft add rule bridge lab loss ip daddr "$(lab_address "$1")" tcp dport 8080 drop
}

net_heal() {
    net_nft -f - <<RULES
flush set bridge lab cut
flush chain bridge lab loss
RULES
}
