#!/bin/bash
# kirikae beside others, in one run, on the same hosts, with the same caller and faults.
#
#   peers.sh [--reps N] [--loss SECONDS] [PEER=SETTING...]
#
# Peers (see tests/bench/peers/): kirikae=normal kirikae=fast haproxy=100ms keepalived=0.1
# keepalived=1 sentinel=500 etcd=3/100/1000 etcd=3/20/200 etcd=11/100/1000 etcd=11/20/200;
# default: all of these. Those that are missing are installed, their services stay off.
#
# Of each: the callers' outage in ms, the longest time between two good calls around the fault,
# median (max) of N (5) repetitions at random phases, when of the server that serves
#   killed   the service gets SIGKILL             silent   every packet is dropped
#   cut      its whole site is cut off            frozen   everything on it gets SIGSTOP
# "false": how often the others took over in SECONDS (60) of 20 % loss between servers, and
# between them and the balancer, when nothing had failed. "two": after how many of the cuts both
# sides believed to be the active one.
# A JSON line for each repetition, and a table at the end. Needs network namespaces.
set -euo pipefail
here=$(dirname "$0")
# shellcheck source=tests/bench/lib.sh
. "$here/lib.sh"
# shellcheck source=deploy/lib/install.sh
. "$here/../../deploy/lib/install.sh"

reps=5 loss=60 peers=()
faults=(killed silent cut frozen)
all=(kirikae=normal kirikae=fast haproxy=100ms keepalived=0.1 keepalived=1 sentinel=500
    etcd=3/100/1000 etcd=3/20/200 etcd=11/100/1000 etcd=11/20/200)

parse() {
    while (($#)); do
        case $1 in
        --reps) reps=$2 && shift ;;
        --loss) loss=$2 && shift ;;
        *=*)
            [[ -f $here/peers/${1%%=*}.sh ]] || exit 2
            peers+=("$1")
            ;;
        *) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;;
        esac
        shift
    done
    ((${#peers[@]})) || peers=("${all[@]}")
}

# ---- what peers are made with ----

# Which server the map of HAProxy says is active.
map_active() {
    echo "$(haproxy_map active)-1"
}

# HAProxy without checks, moved by its map from outside.
peer_balancer() {
    haproxy_config >"$LAB_DIR/traffic/haproxy.cfg"
    printf 'active voice\nepoch 0.0\n' >"$LAB_DIR/traffic/calls.map"
    haproxy_start
}

# On every address of its host: an address that moves is answered too.
peer_endpoints() {
    local server
    for server in voice-1 mirror-1; do
        proc_alive "endpoint.$server" || proc_start "endpoint.$server" "$server" \
            "$LAB_BUILD/tests/tools/endpoint" --name "$server" --bind 0.0.0.0:8080
    done
}

peer_caller() {
    proc_start caller.http caller "$LAB_BUILD/tests/tools/caller" --http "$1" \
        --control "$LAB_DIR/run.http"
    caller_wait_served http voice- 10000 || lab_fail "no call through $1 is served"
}

# Everything on a host but what stands for others: host_signal SIGNAL HOST.
host_signal() {
    local name pids=()
    while read -r name; do
        [[ $name == *".$2" ]] || continue
        mapfile -t -O "${#pids[@]}" pids < <(family "$(proc_pid "$name" || true)")
    done < <(proc_names)
    ((${#pids[@]} == 0)) || kill -s "$1" "${pids[@]}" 2>/dev/null || true
}

# A process and what it started.
family() {
    local child
    [[ -n $1 ]] || return 0
    echo "$1"
    for child in $(pgrep -P "$1"); do
        family "$child"
    done
}

# ---- one repetition ----

strike() {
    case $1 in
    killed) proc_signal KILL "endpoint.$2" "redis.$2" ;;
    silent) net_cut "$2" ;;
    cut) net_cut "up-$(lab_site "$2")" ;;
    frozen) host_signal STOP "$2" ;;
    esac
}

mend() {
    net_heal
    host_signal CONT "$1"
    peer_mend
    wait_until 40000 200 peer_calm || lab_fail "$peer=$setting is not calm again"
    sleep 1
}

one_run() {
    local fault=$1 active other=mirror-1 pause two='' outage
    wait_until 20000 100 peer_calm || lab_fail "$peer=$setting is not calm"
    active=$(peer_active)
    [[ $active == voice-1 ]] || other=voice-1
    printf -v pause '0.%03d' "$((RANDOM % 1000))"
    sleep "$pause"
    caller_ctl http mark "$fault" >/dev/null
    strike "$fault" "$active"
    caller_wait_served http "$other" 20000 || true
    outage=$(caller_outage http)
    if [[ $fault == cut ]]; then
        sleep 1
        two=$(peer_two_active)
    fi
    jq -cn --arg peer "$peer" --arg setting "$setting" --arg fault "$fault" --arg two "$two" \
        --argjson outage "$outage" --arg load "$(cut -d ' ' -f 1 /proc/loadavg)" \
        '{peer: $peer, setting: $setting, fault: $fault, outage_ms: $outage, load: ($load | tonumber)}
         + if $two == "" then {} else {two_active: ($two == "yes")} end'
    mend "$active"
}

# net.sh loses between servers; here to and from the balancer too.
losing() {
    net_nft -f - <<RULES
add rule bridge lab forward oifname "lb-1" ip saddr 10.20.1.0-10.20.3.255 jump loss
add rule bridge lab forward oifname @ports ip saddr $(lab_address lb-1) jump loss
RULES
}

false_moves() {
    local before
    losing
    before=$(peer_decisions)
    net_loss 20
    sleep "$loss"
    net_heal
    jq -cn --arg peer "$peer" --arg setting "$setting" \
        --argjson n "$(($(peer_decisions) - before))" --argjson seconds "$loss" \
        '{peer: $peer, setting: $setting, false: $n, seconds: $seconds}'
}

# ---- all of one peer ----

# What the peers' processes started goes too, and first: later nobody knows whose it was.
peer_processes_end() {
    [[ -d ${LAB_DIR:-} ]] || return 0
    host_signal KILL voice-1
    host_signal KILL mirror-1
}

peers_end() {
    local code=$?
    peer_processes_end
    bench_end "$code"
}

measure() {
    local fault rep
    peer=${1%%=*} setting=${1#*=}
    # shellcheck source=/dev/null
    . "$here/peers/$peer.sh"
    peer_processes_end
    lab_down
    LAB_LAYOUT=pair-1 LAB_MODE=netns
    lab_make_dir
    mkdir -p "$LAB_DIR/traffic"
    net_up
    peer_up "$setting"
    for fault in "${faults[@]}"; do
        for ((rep = 0; rep < reps; rep++)); do
            one_run "$fault" | tee -a "$results"
        done
    done
    ((loss == 0)) || false_moves | tee -a "$results"
}

table() {
    jq -rs '
        def median: sort | .[length / 2 | floor];
        def cell(f): map(select(.fault == f) | .outage_ms)
            | if length == 0 then "-" else "\(median) (\(max))" end;
        (["system", "setting", "killed", "silent", "cut", "frozen", "false", "two", "load"] | @tsv),
        (group_by([.peer, .setting])[] | [first.peer, first.setting, cell("killed"), cell("silent"),
            cell("cut"), cell("frozen"), (map(.false // empty) | first // "-"),
            "\(map(select(.two_active)) | length) of \(map(select(has("two_active"))) | length)",
            (map(.load // empty) | median)] | @tsv)' "$1" | column -t -s $'\t'
}

main() {
    local each
    parse "$@"
    install_packages run peers >&2
    results=$(mktemp)
    bench_traps "$results"
    trap peers_end EXIT
    for each in "${peers[@]}"; do
        measure "$each"
    done
    table "$results"
}

main "$@"
