# shellcheck shell=bash
# A whole cluster on one machine, for the quickstart, the tests and the benches: twelve
# servers on three sites, a balancer, a name server and a caller. To be sourced.
#
#   lab_up                 makes it; lab_down removes it (also from a trap)
#   lab_attach DIR         to one that another process made
#   lab_wait_calm          all heard, all routes served by tokyo
#   lab_reset              heals and switches back
#
# Wanted before lab_up, all with defaults:
#   LAB_BUILD    build directory          LAB_PROFILE  normal, fast
#   LAB_LAYOUT   site: the routes' candidates are the four servers of a site, least 2
#                pair-N: voice-N and mirror-N alone
#                vip: like pair-1, with an exclusive route "line" that has an address
#   LAB_DNS      bind, knot               LAB_MODE     netns, loopback, auto
#   LAB_INTERVAL of the checks of voice and mirror servers; default 100ms
#   LAB_WATCH    none, hold (connections), process (of voice-1's service), reports (by software),
#                callers (a check through HAProxy, of route calls)
#   LAB_HOLD     automatic moves/window after which a route is held; default 8/1s: never
#   LAB_FAILBACK routes go back by themselves after that time; default: manual
#   LAB_PAIRS    1: also a route for each pair voice-N and mirror-N, which follows calls
#   LAB_CLOCK    clocks that are wrong, NAME:PPM,...: of the coordinator and the helper of that
#                server, PPM too fast (negative: slow); default: none
#   LAB_WEB      1: coordinators serve pages, the public ones at :8081, metrics at :9465, the
#                operators' at 127.0.0.1:7401; each writes the status page to
#                status/NAME and then runs status-hook, which keeps a copy
#   LAB_NOTICES  1: notices go out, to a mail server, an Alertmanager and others (post.sh)
#   LAB_LOG      log level of the coordinators; default info
#   LAB_PATIENCE factor on every bound, for slow builds

LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
LAB_CLOCK_LIBRARY=tests/tools/libclock.so
LAB_SITES=(tokyo osaka ishikari)
LAB_SERVERS=(voice-{1..4} mirror-{1..4} backup-{1..4})
: "${LAB_BUILD:=$LAB_TOP/build}" "${LAB_PROFILE:=normal}" "${LAB_LAYOUT:=site}" "${LAB_DNS:=bind}"
: "${LAB_INTERVAL:=100ms}" "${LAB_MODE:=auto}" "${LAB_HOLD:=8/1s}" "${LAB_LOG:=info}"
: "${LAB_WATCH:=none}" "${LAB_FAILBACK:=manual}" "${LAB_PAIRS:=0}"
: "${LAB_CLOCK:=}" "${LAB_WEB:=0}" "${LAB_NOTICES:=0}" "${LAB_PATIENCE:=1}" "${LAB_DIR:=}"

# shellcheck source=tests/cluster/lib/proc.sh
. "$LAB_TOP/tests/cluster/lib/proc.sh"
# shellcheck source=tests/cluster/lib/net.sh
. "$LAB_TOP/tests/cluster/lib/net.sh"
# shellcheck source=tests/cluster/lib/traffic.sh
. "$LAB_TOP/tests/cluster/lib/traffic.sh"
# shellcheck source=tests/cluster/lib/nodes.sh
. "$LAB_TOP/tests/cluster/lib/nodes.sh"
# shellcheck source=tests/cluster/lib/post.sh
. "$LAB_TOP/tests/cluster/lib/post.sh"
# shellcheck source=tests/cluster/lib/faults.sh
. "$LAB_TOP/tests/cluster/lib/faults.sh"
# shellcheck source=tests/cluster/lib/ask.sh
. "$LAB_TOP/tests/cluster/lib/ask.sh"

lab_site() {
    case $1 in
    voice-*) echo tokyo ;;
    mirror-*) echo osaka ;;
    backup-*) echo ishikari ;;
    *) echo core ;;
    esac
}

lab_address() {
    case $1 in
    voice-*) echo "$LAB_NET.1.${1#*-}" ;;
    mirror-*) echo "$LAB_NET.2.${1#*-}" ;;
    backup-*) echo "$LAB_NET.3.${1#*-}" ;;
    lb-1) echo "$LAB_NET.4.1" ;;
    ns-1) echo "$LAB_NET.4.2" ;;
    post) echo "$LAB_NET.4.3" ;;
    caller) echo "$LAB_NET.9.1" ;;
    esac
}

lab_is_server() {
    [[ " ${LAB_SERVERS[*]} " == *" $1 "* ]]
}

lab_is_site() {
    [[ " ${LAB_SITES[*]} " == *" $1 "* ]]
}

lab_has_endpoint() {
    [[ $1 != backup-* ]]
}

# It holds an address for the exclusive route.
lab_has_helper() {
    [[ $LAB_LAYOUT == vip && ($1 == voice-1 || $1 == mirror-1) ]]
}

lab_routes() {
    echo calls softphones
    [[ $LAB_LAYOUT != vip ]] || echo line
}

# lab_inside ARRAY HOST: the words that put a command onto a host.
# shellcheck disable=SC2034 # "words" is another name for the caller's array
lab_inside() {
    local -n words=$1
    words=()
    [[ $LAB_MODE == loopback ]] || words=(nsenter "--net=/run/netns/$(net_ns "$2")")
}

# lab_on HOST COMMAND...
lab_on() {
    local on=()
    lab_inside on "$1"
    shift
    "${on[@]}" "$@"
}

# Ends the process that makes the lab, loudly.
lab_fail() {
    printf 'lab: %s\n' "$1" >&2
    exit 1
}

# What follows from the wishes.
lab_settle() {
    if [[ $LAB_MODE == auto ]]; then
        LAB_MODE=loopback
        ! net_permitted || LAB_MODE=netns
    fi
    # 53 is a privileged port, and on loopback it may be taken.
    # named listens only on addresses that an interface has; Knot on any of 127/8.
    case $LAB_MODE in
    netns) LAB_NET=10.20 LAB_DNS_PORT=53 ;;
    loopback) LAB_NET=127.20 LAB_DNS_PORT=5300 LAB_DNS=knot ;;
    esac
    case $LAB_LAYOUT in
    site)
        LAB_TOKYO=(voice-{1..4}) LAB_OSAKA=(mirror-{1..4}) LAB_LEAST=2
        ;;
    vip)
        LAB_TOKYO=(voice-1) LAB_OSAKA=(mirror-1) LAB_LEAST=1
        ;;
    pair-[1-4])
        LAB_TOKYO=("voice-${LAB_LAYOUT#pair-}") LAB_OSAKA=("mirror-${LAB_LAYOUT#pair-}")
        LAB_LEAST=1
        ;;
    *) lab_fail "no such layout: $LAB_LAYOUT" ;;
    esac
    LAB_PREFIX=kk-${LAB_DIR##*.}
}

lab_remember() {
    local name
    for name in BUILD PROFILE LAYOUT DNS MODE HOLD LOG PATIENCE WATCH CLOCK WEB NOTICES; do
        name=LAB_$name
        printf '%s=%q\n' "$name" "${!name}"
    done >"$LAB_DIR/lab"
}

lab_attach() {
    LAB_DIR=$1
    # shellcheck source=/dev/null
    . "$LAB_DIR/lab"
    lab_settle
}

lab_make_dir() {
    local program
    for program in coordinator/{daemon/kirikaed,helper/kirikae-helper,cli/kirikae} tests/tools/{endpoint,caller,receiver,software}; do
        [[ -x $LAB_BUILD/$program ]] || lab_fail "not built: $LAB_BUILD/$program"
    done
    [[ -z $LAB_CLOCK || -f $LAB_BUILD/$LAB_CLOCK_LIBRARY ]] ||
        lab_fail "not built: $LAB_BUILD/$LAB_CLOCK_LIBRARY"
    LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/kirikae-lab.XXXXXX")
    mkdir "$LAB_DIR/run" "$LAB_DIR/log"
    lab_settle
    lab_remember
}

lab_up_network() {
    [[ $LAB_MODE == loopback ]] || net_up
    traffic_up
    endpoints_up
}

lab_up_cluster() {
    nodes_prepare
    ! ((LAB_NOTICES)) || post_up
    nodes_start
    wait_until 60000 100 ask_ready || lab_fail "the cluster is not ready within a minute"
}

lab_up() {
    lab_make_dir
    lab_up_network
    lab_up_cluster
    callers_up
}

# What the coordinators warned of last, and the ends of the logs of what has died.
lab_show_logs() {
    local name
    [[ -d ${LAB_DIR:-} ]] || return 0
    {
        grep -hE '^[^ ]+ (warn|error) ' "$LAB_DIR"/log/coordinator.*.log | sort | tail -n 40
        while read -r name; do
            if ! proc_alive "$name"; then
                printf -- '---- %s is dead\n' "$name"
                tail -n 12 "$LAB_DIR/log/$name.log"
            fi
        done < <(proc_names)
    } 2>/dev/null >&2 || true
}

# The logs outlive the lab: lab_keep_logs NAME.
lab_keep_logs() {
    local keep=${TMPDIR:-/tmp}/kirikae-failed/$1
    rm -rf "$keep"
    mkdir -p "$keep"
    cp -r "$LAB_DIR/log/." "$keep"
    printf 'the logs are kept in %s\n' "$keep" >&2
}

# Asks everything to end; what does not is killed.
lab_stop() {
    local names=()
    mapfile -t names < <(proc_names)
    ((${#names[@]} == 0)) || proc_stop "${names[@]}"
}

# What sanitizers wrote, if the build has them; 1 when there is something.
lab_sanitizers_silent() {
    ! grep -h -A 12 -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$LAB_DIR"/log/*.log >&2
}

lab_down() {
    [[ -d ${LAB_DIR:-} ]] || return 0
    lab_stop
    [[ $LAB_MODE == loopback ]] || net_remove
    rm -rf "$LAB_DIR"
    LAB_DIR=
}

lab_wait_calm() {
    wait_until 30000 100 ask_calm || {
        printf 'lab: not calm within 30 s: %s\n' "$(ask_calm_why)" >&2
        return 1
    }
}

# As it was after lab_up: all run, nothing is cut, the routes are back in tokyo.
lab_reset() {
    local route
    fault_heal
    wait_until 30000 100 ask_ready || return 1
    for route in $(lab_routes); do
        if [[ $(ask_active "$route") != tokyo ]]; then
            wait_until 30000 200 lab_switch_back "$route" || return 1
        fi
    done
    lab_wait_calm
    callers_served voice- 5000
}

lab_switch_back() {
    kirikae switchover "$1" --to tokyo --reason 'back to the primary' >/dev/null 2>&1 ||
        [[ $(ask_active "$1") == tokyo ]]
}
