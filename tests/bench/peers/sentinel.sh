# shellcheck shell=bash
# Redis Sentinel: twelve of them over a Redis on voice-1 and its replica on mirror-1. The one
# that leads a failover tells HAProxy by its client-reconfig-script. Killed are Redis and the
# endpoint.
# Settings: down-after-milliseconds, such as 500; 30000 is its default.

peer_redis() {
    local host=$1 of=$2 replica=()
    [[ $host == "$of" ]] || replica=(--replicaof "$(lab_address "$of")" 6379)
    mkdir -p "$LAB_DIR/traffic/redis-$host"
    proc_start "redis.$host" "$host" redis-server --bind "$(lab_address "$host")" \
        --protected-mode no --save '' --appendonly no --dir "$LAB_DIR/traffic/redis-$host" \
        --repl-diskless-sync-delay 0 "${replica[@]}"
}

peer_sentinel() {
    local host=$1 file=$LAB_DIR/traffic/sentinel-$1.conf
    cat >"$file" <<CONFIG
port 26379
bind $(lab_address "$host")
protected-mode no
dir $LAB_DIR/traffic
sentinel monitor calls $(lab_address voice-1) 6379 7
sentinel down-after-milliseconds calls $2
sentinel failover-timeout calls 2000
sentinel client-reconfig-script calls $LAB_DIR/traffic/tell
CONFIG
    proc_start "sentinel.$host" "$host" redis-sentinel "$file"
}

# tell MASTER ROLE STATE FROM-IP FROM-PORT TO-IP TO-PORT
peer_tell() {
    cat >"$LAB_DIR/traffic/tell" <<SCRIPT
#!/bin/bash
[[ \$2 == leader ]] || exit 0
backend=voice
[[ \$6 == $(lab_address voice-1) ]] || backend=mirror
exec 3<>/dev/tcp/$(lab_address lb-1)/9999
printf 'set map $LAB_DIR/traffic/calls.map active %s\n' "\$backend" >&3
cat <&3
SCRIPT
    chmod 0755 "$LAB_DIR/traffic/tell"
}

peer_up() {
    local host
    peer_balancer
    peer_endpoints
    peer_tell
    peer_redis voice-1 voice-1
    peer_redis mirror-1 voice-1
    wait_until 10000 100 peer_linked voice-1 mirror-1
    for host in "${LAB_SERVERS[@]}"; do
        peer_sentinel "$host" "$1"
    done
    wait_until 30000 200 peer_calm
    peer_caller "$(lab_address lb-1):8080"
}

peer_ask() {
    local host=$1 port=$2
    shift 2
    lab_on caller timeout 1 redis-cli -h "$(lab_address "$host")" -p "$port" "$@" 2>/dev/null || true
}

# Is $2 a replica of $1, and current?
peer_linked() {
    local info
    info=$(peer_ask "$2" 6379 info replication)
    [[ $info == *"master_host:$(lab_address "$1")"* && $info == *master_link_status:up* ]]
}

peer_active() {
    map_active
}

peer_calm() {
    local active other=voice-1
    active=$(map_active)
    [[ $active == mirror-1 ]] || other=mirror-1
    peer_linked "$active" "$other" &&
        [[ $(peer_ask backup-4 26379 sentinel ckquorum calls) == 'OK 12 usable'* ]] &&
        [[ $(peer_ask backup-4 26379 sentinel get-master-addr-by-name calls) == \
            "$(lab_address "$active")"* ]] &&
        [[ $(peer_ask backup-4 26379 sentinel replicas calls) != *_down* ]]
}

peer_mend() {
    local host
    peer_endpoints
    for host in voice-1 mirror-1; do
        proc_alive "redis.$host" || peer_redis "$host" "$(map_active)"
    done
}

peer_decisions() {
    cat "$LAB_DIR"/log/sentinel.*.log | grep -c -F '+promoted-slave' || true
}

peer_two_active() {
    if [[ $(peer_masters) == 2 ]]; then
        echo yes
    else
        echo no
    fi
}

# How many believe to be the master; asked on the host itself, which may be cut off.
peer_masters() {
    local host
    for host in voice-1 mirror-1; do
        lab_on "$host" timeout 1 redis-cli -h "$(lab_address "$host")" role | head -n 1
    done | grep -c master || true
}
