# shellcheck shell=bash
# keepalived: VRRP between voice-1 and mirror-1 moves an address. Unicast, because the lab's
# loss is between addresses. The service is looked at once a second, the least that its
# scripts can do.
# Settings: the advertisement's interval in seconds, such as 0.1; 1 is its default.

PEER_ADDRESS=10.20.8.1

peer_config() {
    local host=$1 other=mirror-1 priority=150
    [[ $host == voice-1 ]] || other=voice-1 priority=100
    cat <<CONFIG
global_defs {
    router_id $host
    vrrp_version 3
    script_user root
}
vrrp_script service {
    script "/usr/bin/timeout 0.5 /bin/bash -c '</dev/tcp/$(lab_address "$host")/8080'"
    interval 1
    fall 1
    rise 1
}
vrrp_instance calls {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority $priority
    advert_int $2
    unicast_src_ip $(lab_address "$host")
    unicast_peer {
        $(lab_address "$other")
    }
    virtual_ipaddress {
        $PEER_ADDRESS/16 dev eth0
    }
    track_script {
        service
    }
}
CONFIG
}

peer_start() {
    local file=$LAB_DIR/traffic/$1
    proc_start "keepalived.$1" "$1" keepalived --dont-fork --log-console --use-file "$file.conf" \
        --pid "$file.pid" --vrrp_pid "$file.vrrp" --vrrp
}

peer_up() {
    local host
    peer_endpoints
    for host in voice-1 mirror-1; do
        peer_config "$host" "$1" >"$LAB_DIR/traffic/$host.conf"
        peer_start "$host"
    done
    wait_until 20000 100 peer_calm
    peer_caller "$PEER_ADDRESS:8080"
}

peer_has_address() {
    ip -n "$(net_ns "$1")" -4 -o address show dev eth0 | grep -q " $PEER_ADDRESS/"
}

peer_active() {
    if peer_has_address voice-1; then
        echo voice-1
    else
        echo mirror-1
    fi
}

peer_calm() {
    peer_has_address voice-1 && ! peer_has_address mirror-1
}

peer_mend() {
    peer_endpoints
}

peer_decisions() {
    cat "$LAB_DIR"/log/keepalived.*.log | grep -c 'Entering MASTER STATE' || true
}

peer_two_active() {
    if peer_has_address voice-1 && peer_has_address mirror-1; then
        echo yes
    else
        echo no
    fi
}
