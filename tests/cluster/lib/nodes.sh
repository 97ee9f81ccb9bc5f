# shellcheck shell=bash
# The twelve coordinators: certificates, configuration, start and stop.

nodes_join() {
    local IFS=,
    printf '%s\n' "$*"
}

# The routes of LAB_PAIRS.
nodes_pairs() {
    local n
    ((LAB_PAIRS)) || return 0
    for n in 1 2 3 4; do
        cat <<ROUTE
  - name: voice-$n
    follows: calls
    hold: {moves: ${LAB_HOLD%/*}, window: ${LAB_HOLD#*/}}
    candidates:
      - {name: tokyo, servers: [voice-$n], value: pair-$n-voice}
      - {name: osaka, servers: [mirror-$n], value: pair-$n-mirror}
    actuators:
      - name: lb-1
        haproxy: {address: "$(lab_address lb-1):9999", map: $LAB_DIR/traffic/pair-$n.map}
        timeout: 1s
ROUTE
    done
}

# An unanswered probe is known after its time-out: a LAN need not wait long for it.
nodes_config() {
    local timeout=300ms failback=manual
    [[ $LAB_PROFILE != fast ]] || timeout=100ms
    [[ $LAB_FAILBACK == manual ]] || failback="{after: $LAB_FAILBACK}"
    sed -e "s|@PROFILE@|$LAB_PROFILE|g" -e "s|@NET@|$LAB_NET|g" -e "s|@DIR@|$LAB_DIR|g" \
        -e "s|@HOLD_MOVES@|${LAB_HOLD%/*}|g" -e "s|@HOLD_WINDOW@|${LAB_HOLD#*/}|g" \
        -e "s|@TIMEOUT@|$timeout|g" -e "s|@INTERVAL@|$LAB_INTERVAL|g" -e "s|@DNS_PORT@|$LAB_DNS_PORT|g" -e "s|@LEAST@|$LAB_LEAST|g" \
        -e "s|@TOKYO@|$(nodes_join "${LAB_TOKYO[@]}")|g" \
        -e "s|@OSAKA@|$(nodes_join "${LAB_OSAKA[@]}")|g" -e "s|@FAILBACK@|$failback|g" \
        -e "s|#web$LAB_WEB: ||" -e "s|#$LAB_WATCH: ||" -e "s|#$LAB_LAYOUT: ||" \
        -e "/@PAIRS@/{r /dev/stdin
d}" \
        "$LAB_TOP/tests/cluster/lib/config.yaml.in" < <(nodes_pairs)
}

nodes_certs() {
    local make=("$LAB_TOP/deploy/make-certs" --dir "$LAB_DIR/certs") server nodes=()
    for server in "${LAB_SERVERS[@]}"; do
        nodes+=("$server=$(lab_address "$server")")
    done
    "${make[@]}" --cluster lab ca >/dev/null
    "${make[@]}" node "${nodes[@]}" >/dev/null
    "${make[@]}" operator suzuki admin >/dev/null
    "${make[@]}" operator tanaka viewer >/dev/null
}

# Where only who is on the server comes to.
node_loopback() {
    if [[ $LAB_MODE == netns ]]; then
        echo 127.0.0.1
    else
        lab_address "$1"
    fi
}

node_config() {
    cat <<CONFIG
name: $1
cluster_file: $LAB_DIR/cluster.yaml
data_dir: $LAB_DIR/nodes/$1
log_level: $LAB_LOG
tls:
  ca: $LAB_DIR/certs/ca.pem
  cert: $LAB_DIR/certs/$1.pem
  key: $LAB_DIR/certs/$1.key
CONFIG
    ! lab_has_helper "$1" || printf 'helper: %s\n' "$LAB_DIR/helper.$1"
    ! ((LAB_WEB)) ||
        printf 'http: {public: "%s:8081", metrics: "%s:9465", operators: "%s:7401"}\n' \
            "$(lab_address "$1")" "$(lab_address "$1")" "$(node_loopback "$1")"
    ! ((LAB_WEB)) || printf 'status_page: {dir: "%s", hook: "%s"}\n' "$LAB_DIR/status/$1" \
        "$LAB_DIR/status-hook"
}

operator_config() {
    cat <<CONFIG
cluster_file: $LAB_DIR/cluster.yaml
tls:
  ca: $LAB_DIR/certs/ca.pem
  cert: $LAB_DIR/certs/$1.pem
  key: $LAB_DIR/certs/$1.key
CONFIG
}

coordinator_init() {
    local inside=()
    lab_inside inside "$1"
    "${inside[@]}" "$LAB_BUILD/coordinator/daemon/kirikaed" \
        --config "$LAB_DIR/nodes/$1.yaml" --init >>"$LAB_DIR/log/coordinator.$1.log" 2>&1 ||
        lab_fail "kirikaed --init of $1 failed"
}

# node_clock ARRAY NAME: the words that put a command under the server's clock.
# shellcheck disable=SC2034 # "clock" is another name for the caller's array
node_clock() {
    local -n clock=$1
    local wish
    clock=()
    for wish in ${LAB_CLOCK//,/ }; do
        [[ ${wish%%:*} != "$2" ]] || clock=(env "LD_PRELOAD=$LAB_BUILD/$LAB_CLOCK_LIBRARY"
            "CLOCK_RATE_PPM=${wish#*:}")
    done
}

coordinator_start() {
    local under=()
    node_clock under "$1"
    proc_start "coordinator.$1" "$1" "${under[@]}" "$LAB_BUILD/coordinator/daemon/kirikaed" \
        --config "$LAB_DIR/nodes/$1.yaml"
}

# The command line with its way into the lab, for people too. It asks the third place
# first, so that it need not wait for a primary that is cut off.
nodes_wrapper() {
    local inside=()
    lab_inside inside caller
    cat >"$LAB_DIR/kirikae" <<WRAPPER
#!/bin/sh
export KIRIKAE_CONFIG="\${KIRIKAE_CONFIG:-$LAB_DIR/admin.yaml}"
case " \$* " in
*" --node "* | *" help "*) ;;
*) set -- "\$@" --node backup-4 ;;
esac
exec ${inside[*]} "$LAB_BUILD/coordinator/cli/kirikae" "\$@"
WRAPPER
    chmod 0755 "$LAB_DIR/kirikae"
}

nodes_prepare() {
    local server pid pids=()
    nodes_certs
    {
        nodes_config
        post_config
    } >"$LAB_DIR/cluster.yaml"
    operator_config suzuki >"$LAB_DIR/admin.yaml"
    operator_config tanaka >"$LAB_DIR/viewer.yaml"
    nodes_wrapper
    mkdir -p "$LAB_DIR/nodes" "$LAB_DIR/status"
    # shellcheck disable=SC2016 # the hook expands it
    printf '#!/bin/sh\ncp "$1/status.json" "$1.pushed.json"\n' >"$LAB_DIR/status-hook"
    chmod +x "$LAB_DIR/status-hook"
    for server in "${LAB_SERVERS[@]}"; do
        mkdir -m 0700 "$LAB_DIR/nodes/$server"
        node_config "$server" >"$LAB_DIR/nodes/$server.yaml"
        coordinator_init "$server" &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || lab_fail 'a node could not be founded'
    done
}

# What a server's software would do besides serving: "failing" or "nothing" in its file said.NAME
# makes it do otherwise.
software_start() {
    proc_start "software.$1" "$1" "$LAB_BUILD/tests/tools/software" "$LAB_DIR/nodes/$1.yaml" calls \
        200 "$LAB_DIR/said.$1"
}

helper_start() {
    local under=()
    node_clock under "$1"
    proc_start "helper.$1" "$1" "${under[@]}" "$LAB_BUILD/coordinator/helper/kirikae-helper" \
        --config "$LAB_DIR/nodes/$1.helper.yaml"
}

# The address that callers use, and when it is on which server: one line for each change.
helper_prepare() {
    cat >"$LAB_DIR/nodes/$1.helper.yaml" <<CONFIG
socket: $LAB_DIR/helper.$1
user: root
routes:
  - name: line
    addresses: [{address: $LAB_NET.8.8/32, interface: eth0}]
CONFIG
    chmod 0600 "$LAB_DIR/nodes/$1.helper.yaml"
    proc_start "addresses.$1" "$1" stdbuf -oL ip -ts -4 -o monitor address dev eth0
}

nodes_start() {
    local server
    for server in "${LAB_SERVERS[@]}"; do
        if lab_has_helper "$server"; then
            helper_prepare "$server"
            helper_start "$server"
        fi
    done
    for server in "${LAB_SERVERS[@]}"; do
        coordinator_start "$server"
    done
    [[ $LAB_WATCH != reports ]] || for server in "${LAB_TOKYO[@]}" "${LAB_OSAKA[@]}"; do
        software_start "$server"
    done
}

# Its disk is new: started so, it rejoins under another identity.
node_lose_disk() {
    rm -rf "${LAB_DIR:?}/nodes/$1"
    mkdir -m 0700 "$LAB_DIR/nodes/$1"
}
