# shellcheck shell=bash
# etcd: an agent on voice-1 and one on mirror-1 want a lock with a lease, by the etcd of their
# own server; who gets it tells HAProxy. The holder looks at its endpoint ten times a second and
# gives the lock back when that is gone; once a second it asks whether it still has it. Leases
# are whole seconds, and no shorter than one and a half election time-outs.
# Settings: MEMBERS/HEARTBEAT/ELECTION, such as 3/100/1000 (its default) or 11/20/200.

peer_members() {
    case $1 in
    3) PEER_MEMBERS=(voice-1 mirror-1 backup-1) ;;
    *) PEER_MEMBERS=(voice-{1..3} mirror-{1..4} backup-{1..4}) ;;
    esac
}

peer_etcd() {
    local host=$1 url member cluster=()
    url=http://$(lab_address "$host")
    for member in "${PEER_MEMBERS[@]}"; do
        cluster+=("$member=http://$(lab_address "$member"):2380")
    done
    proc_start "etcd.$host" "$host" etcd --name "$host" --data-dir "$LAB_DIR/traffic/etcd-$host" \
        --listen-peer-urls "$url:2380" --initial-advertise-peer-urls "$url:2380" \
        --listen-client-urls "$url:2379" --advertise-client-urls "$url:2379" \
        --initial-cluster "$(nodes_join "${cluster[@]}")" --initial-cluster-state new \
        --heartbeat-interval "$PEER_HEARTBEAT" --election-timeout "$PEER_ELECTION" \
        --logger zap --log-level error
}

peer_hold() {
    cat >"$LAB_DIR/traffic/hold" <<SCRIPT
#!/bin/bash
# hold BACKEND ADDRESS
exec 3<>/dev/tcp/$(lab_address lb-1)/9999
printf 'set map $LAB_DIR/traffic/calls.map active %s\n' "\$1" >&3
cat <&3
exec 3>&-
echo "\$1" >>$LAB_DIR/traffic/told
for ((n = 1; ; n++)); do
    timeout 0.3 bash -c "</dev/tcp/\$2/8080" || exit
    ((n % 10)) || ETCDCTL_API=3 etcdctl --endpoints "http://\$2:2379" --command-timeout 1s \
        get --keys-only "\$ETCD_LOCK_KEY" | grep -q . || exit
    sleep 0.1
done
SCRIPT
    cat >"$LAB_DIR/traffic/agent" <<SCRIPT
#!/bin/bash
# agent BACKEND ADDRESS: the lock again and again, while the endpoint is there.
while sleep 0.2; do
    timeout 0.3 bash -c "</dev/tcp/\$2/8080" || continue
    ETCDCTL_API=3 etcdctl --endpoints "http://\$2:2379" lock --ttl 1 calls \
        "$LAB_DIR/traffic/hold" "\$1" "\$2"
done
SCRIPT
    chmod 0755 "$LAB_DIR/traffic/hold" "$LAB_DIR/traffic/agent"
}

peer_agent() {
    local backend=voice
    [[ $1 == voice-1 ]] || backend=mirror
    proc_start "agent.$1" "$1" "$LAB_DIR/traffic/agent" "$backend" "$(lab_address "$1")"
}

peer_told() {
    (($(peer_decisions) > 0))
}

peer_up() {
    local host
    IFS=/ read -r host PEER_HEARTBEAT PEER_ELECTION <<<"$1"
    peer_members "$host"
    peer_balancer
    peer_endpoints
    peer_hold
    for host in "${PEER_MEMBERS[@]}"; do
        peer_etcd "$host"
    done
    wait_until 30000 200 peer_healthy
    peer_agent voice-1
    wait_until 10000 100 peer_told
    peer_agent mirror-1
    wait_until 10000 100 peer_calm
    peer_caller "$(lab_address lb-1):8080"
}

peer_healthy() {
    local host urls=()
    for host in "${PEER_MEMBERS[@]}"; do
        urls+=("http://$(lab_address "$host"):2379")
    done
    ETCDCTL_API=3 lab_on caller etcdctl --endpoints "$(nodes_join "${urls[@]}")" \
        --command-timeout 2s endpoint health >/dev/null 2>&1
}

peer_active() {
    map_active
}

# Both agents have a key under the lock's name: one holds it, one waits.
peer_calm() {
    peer_healthy &&
        [[ $(ETCDCTL_API=3 lab_on caller etcdctl --endpoints "http://$(lab_address backup-1):2379" \
            get --prefix --keys-only calls/ | grep -c .) -ge 2 ]]
}

peer_mend() {
    peer_endpoints
}

peer_decisions() {
    awk 'END { print NR }' "$LAB_DIR/traffic/told" 2>/dev/null || echo 0
}

peer_two_active() {
    echo no
}
