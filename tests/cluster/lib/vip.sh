# shellcheck shell=bash
# The address of the exclusive route "line" (LAB_LAYOUT=vip), for stories. What the kernels of
# both servers said of it stands in their logs, with times.

# vip_spans SERVER: from and to in ms (UTC), a line for each time that it had the address. Sent
# to them as `ip -ts monitor` tells it: a lifetime that is renewed is told again.
vip_spans() {
    awk -v address=" $LAB_NET.8.8/" '
        index($0, address) == 0 { next }
        { time = substr($1, 2, length($1) - 2); when = at(time) }
        /Deleted/ { if (from != "") printf "%s %s\n", from, when; from = ""; next }
        from == "" { from = when }
        END { if (from != "") printf "%s -\n", from }
        function at(time, parts) {
            split(time, parts, /[-T:.]/)
            return mktime(parts[1] " " parts[2] " " parts[3] " " parts[4] " " parts[5] " " parts[6]) \
                sprintf("%03d", substr(parts[7], 1, 3))
        }' "$LAB_DIR/log/addresses.$1.log"
}

# Does it have the address now?
vip_at() {
    lab_on "$1" ip -o -4 addr show dev eth0 | grep -qF " $LAB_NET.8.8/"
}

vip_gone() {
    ! vip_at "$1"
}

# Who has it.
vip_anywhere() {
    local server
    for server in voice-1 mirror-1; do
        ! vip_at "$server" || { echo "$server" && return 0; }
    done
    return 1
}

# Whatever happened: at no time did both have it.
vip_never_twice() {
    local a b from to other_from other_to
    while read -r from to; do
        while read -r other_from other_to; do
            [[ $to == - ]] && to=9999999999999
            [[ $other_to == - ]] && other_to=9999999999999
            if ((from < other_to && other_from < to)); then
                printf 'voice-1 had it %s..%s, mirror-1 %s..%s\n' "$from" "$to" "$other_from" \
                    "$other_to" >&2
                return 1
            fi
        done < <(vip_spans mirror-1)
    done < <(vip_spans voice-1)
    # Who heard nothing has proved nothing.
    a=$(vip_spans voice-1 | wc -l) b=$(vip_spans mirror-1 | wc -l)
    ((a > 0 && b > 0))
}

# From the end at one server to the beginning at the other, for the newest move; ms.
vip_gap() {
    local left began
    left=$(vip_spans "$1" | awk '$2 != "-" { end = $2 } END { print end }')
    began=$(vip_spans "$2" | awk 'END { print $1 }')
    printf '%s\n' "$((began - left))"
}

# vip_cut N: site N is cut off from the servers of the other sites. Its callers, on the core, are
# not.
vip_cut() {
    local site=10.20.$1.0/24 sites=10.20.1.0-10.20.3.255
    net_nft -f - <<RULES
add rule bridge lab loss ip saddr $site ip daddr != $site ip daddr $sites drop
add rule bridge lab loss ip daddr $site ip saddr != $site ip saddr $sites drop
RULES
}
