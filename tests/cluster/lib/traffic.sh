# shellcheck shell=bash
# The traffic layer: a real HAProxy on lb-1 and a real name server (BIND, or Knot with
# LAB_DNS=knot) on ns-1, and the voice endpoints behind them. HAProxy makes no checks of
# its own: only kirikae moves traffic.

# The servers of a candidate: LAB_TOKYO and LAB_OSAKA, words.
haproxy_backend() {
    local name=$1 server
    shift
    printf 'backend %s\n' "$name"
    for server in "$@"; do
        printf '    server %s %s:8080\n' "$server" "$(lab_address "$server")"
    done
}

# A member that died costs a caller one connect time-out until kirikae takes it out.
haproxy_config() {
    local address
    address=$(lab_address lb-1)
    cat <<CONFIG
global
    stats socket ipv4@$address:9999 level admin
    maxconn 1000
    nbthread 1
defaults
    mode http
    timeout connect 100ms
    timeout client 5s
    timeout server 2s
    retries 2
    option redispatch 1
frontend calls
    bind $address:8080
    use_backend %[str(active),map($LAB_DIR/traffic/calls.map,voice)]
CONFIG
    haproxy_backend voice "${LAB_TOKYO[@]}"
    haproxy_backend mirror "${LAB_OSAKA[@]}"
    haproxy_pairs
}

# The pairs of LAB_PAIRS have their own ports, maps and backends.
haproxy_pairs() {
    local n
    ((LAB_PAIRS)) || return 0
    for n in 1 2 3 4; do
        cat <<CONFIG
frontend pair-$n
    bind $(lab_address lb-1):818$n
    use_backend %[str(active),map($LAB_DIR/traffic/pair-$n.map,pair-$n-voice)]
CONFIG
        haproxy_backend "pair-$n-voice" "voice-$n"
        haproxy_backend "pair-$n-mirror" "mirror-$n"
        printf 'active pair-%d-voice\nepoch 0.0\n' "$n" >"$LAB_DIR/traffic/pair-$n.map"
    done
}

# What HAProxy's runtime API answers.
haproxy_ask() {
    local inside=()
    lab_inside inside lb-1
    # shellcheck disable=SC2016 # for the inner shell
    "${inside[@]}" bash -c 'exec 3<>"/dev/tcp/$1/9999"; printf "%s\n" "$2" >&3; cat <&3' \
        haproxy_ask "$(lab_address lb-1)" "$1"
}

# haproxy_map KEY [MAP]: the value of a key of the map, as HAProxy has it now.
haproxy_map() {
    haproxy_ask "show map $LAB_DIR/traffic/${2:-calls}.map" | awk -v key="$1" '$2 == key { print $3 }'
}

# The servers of a backend that are to serve (administrative state ready).
haproxy_pool() {
    haproxy_ask "show servers state $1" | awk '$4 ~ /-/ && $7 == 0 { print $4 }' | sort
}

haproxy_start() {
    proc_start haproxy lb-1 haproxy -db -f "$LAB_DIR/traffic/haproxy.cfg"
    wait_until 5000 50 haproxy_ask 'show info' >/dev/null 2>&1 ||
        lab_fail "HAProxy does not answer"
}

traffic_secret() {
    head -c 32 /dev/urandom | base64 -w 0 >"$LAB_DIR/traffic/tsig.key"
    chmod 0600 "$LAB_DIR/traffic/tsig.key"
}

dns_zone() {
    local server
    cat <<ZONE
\$ORIGIN call.example.
\$TTL 1
@ IN SOA ns hostmaster 1 3600 600 86400 1
@ IN NS ns
ns IN A $(lab_address ns-1)
ZONE
    for server in "${LAB_TOKYO[@]}"; do
        printf 'sip IN A %s\n' "$(lab_address "$server")"
    done
}

bind_config() {
    cat <<CONFIG
key "kirikae" { algorithm hmac-sha256; secret "$(<"$LAB_DIR/traffic/tsig.key")"; };
options {
    directory "$LAB_DIR/traffic/dns";
    pid-file "$LAB_DIR/traffic/dns/named.pid";
    session-keyfile "$LAB_DIR/traffic/dns/session.key";
    lock-file none;
    listen-on port $LAB_DNS_PORT { $(lab_address ns-1); };
    listen-on-v6 { none; };
    recursion no;
    dnssec-validation no;
    notify no;
};
controls { };
zone "call.example" {
    type primary;
    file "$LAB_DIR/traffic/dns/call.example.zone";
    update-policy {
        grant kirikae name sip.call.example A AAAA;
        grant kirikae name _kirikae.sip.call.example TXT;
    };
};
CONFIG
}

knot_config() {
    cat <<CONFIG
server:
    rundir: "$LAB_DIR/traffic/dns"
    listen: $(lab_address ns-1)@$LAB_DNS_PORT
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "$LAB_DIR/traffic/dns/db"
log:
  - target: stderr
    any: warning
key:
  - id: kirikae
    algorithm: hmac-sha256
    secret: $(<"$LAB_DIR/traffic/tsig.key")
acl:
  - id: kirikae
    key: kirikae
    action: update
    update-owner: name
    update-owner-match: equal
    update-owner-name: [sip.call.example., _kirikae.sip.call.example.]
    update-type: [A, AAAA, TXT]
zone:
  - domain: call.example
    storage: "$LAB_DIR/traffic/dns"
    file: call.example.zone
    acl: kirikae
CONFIG
}

# What the name server says: dns_ask NAME TYPE.
dns_ask() {
    local inside=()
    lab_inside inside caller
    "${inside[@]}" dig +norec +short +time=1 +tries=1 -p "$LAB_DNS_PORT" \
        "@$(lab_address ns-1)" "$1" "$2"
}

dns_answers() {
    [[ $(dns_ask call.example SOA 2>/dev/null) == ns.call.example.* ]]
}

# AppArmor's profile of named goes by the path of the program and would keep it out of
# the lab's directory: a copy has none.
dns_start() {
    case $LAB_DNS in
    bind)
        [[ -x $LAB_DIR/traffic/named ]] || cp /usr/sbin/named "$LAB_DIR/traffic/named"
        proc_start dns ns-1 "$LAB_DIR/traffic/named" -g -n 1 -c "$LAB_DIR/traffic/named.conf"
        ;;
    knot) proc_start dns ns-1 knotd -c "$LAB_DIR/traffic/knot.conf" ;;
    esac
    wait_until 5000 50 dns_answers || lab_fail "the name server does not answer"
}

traffic_up() {
    mkdir -p "$LAB_DIR/traffic/dns/db"
    traffic_secret
    haproxy_config >"$LAB_DIR/traffic/haproxy.cfg"
    printf 'active voice\nepoch 0.0\n' >"$LAB_DIR/traffic/calls.map"
    dns_zone >"$LAB_DIR/traffic/dns/call.example.zone"
    "${LAB_DNS}_config" >"$LAB_DIR/traffic/$([[ $LAB_DNS == bind ]] && echo named || echo knot).conf"
    haproxy_start
    dns_start
}

endpoint_start() {
    local address
    address=$(lab_address "$1")
    ! lab_has_helper "$1" || address=0.0.0.0 # also under the address that moves
    proc_start "endpoint.$1" "$1" "$LAB_BUILD/tests/tools/endpoint" --name "$1" \
        --bind "$address:8080"
}

endpoints_up() {
    local server
    for server in "${LAB_SERVERS[@]}"; do
        ! lab_has_endpoint "$server" || endpoint_start "$server"
    done
}

# The two callers: one through HAProxy, one that looks the name up at each call.
callers_up() {
    proc_start caller.http caller "$LAB_BUILD/tests/tools/caller" \
        --http "$(lab_address lb-1):8080" --control "$LAB_DIR/run.http"
    proc_start caller.dns caller "$LAB_BUILD/tests/tools/caller" \
        --dns "$(lab_address ns-1):$LAB_DNS_PORT" --name sip.call.example --port 8080 \
        --control "$LAB_DIR/run.dns"
    [[ $LAB_LAYOUT != vip ]] || proc_start caller.vip caller "$LAB_BUILD/tests/tools/caller" \
        --http "$LAB_NET.8.8:8080" --control "$LAB_DIR/run.vip"
    callers_served voice- 5000 || lab_fail "the callers are not served by voice-*"
}

# caller_ctl http|dns WORDS...
caller_ctl() {
    local which=$1
    shift
    timeout 120 "$LAB_BUILD/tests/tools/caller" ctl "$LAB_DIR/run.$which" "$@"
}

caller_mark() {
    [[ $LAB_LAYOUT != vip ]] || caller_ctl vip mark "$1" >/dev/null
    caller_ctl http mark "$1" >/dev/null
    caller_ctl dns mark "$1" >/dev/null
}

# caller_wait_served http|dns PREFIX MS: until calls are answered by a server named so.
caller_wait_served() {
    caller_ctl "$1" wait-served "$2" "$(($3 * LAB_PATIENCE))" >/dev/null
}

callers_served() {
    caller_wait_served http "$1" "$2" && caller_wait_served dns "$1" "$2" &&
        { [[ $LAB_LAYOUT != vip ]] || caller_wait_served vip "$1" "$2"; }
}

# The longest gap between two good calls since the last mark, in ms.
caller_outage() {
    caller_ctl "$1" report | jq -r '.outage_ms'
}
