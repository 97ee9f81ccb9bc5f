#!/bin/bash
# A prefix that one server announces: the example's hook tells a real ExaBGP, and a real router
# (BIRD) hears both servers. Only the holder announces; when the router still hears the holder
# before, it believes the newer epoch.
# lab: LAB_LAYOUT=vip LAB_PROFILE=fast
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

prefix=198.51.100.7/32
speakers=(voice-1 mirror-1)
coordinators=("${LAB_SERVERS[@]/#/coordinator.}")
example=$LAB_TOP/deploy/examples/exabgp
file=$LAB_DIR/cluster.yaml
was=$(<"$file")
version=$(ask_status .config.version)
dir=$LAB_DIR/bgp
mkdir -p "$dir/run"

# ---- the router: what it hears, and what it makes of it, stands in its log with times ----

router_config() {
    local server
    cat <<CONFIG
log "$dir/router.log" all;
timeformat log iso long ms;
router id $(lab_address caller);
protocol device { }
CONFIG
    for server in "${speakers[@]}"; do
        cat <<CONFIG
protocol bgp '$server' {
    local $(lab_address caller) as 64512;
    neighbor $(lab_address "$server") as 64512;
    direct;
    passive;
    error wait time 1, 2;
    debug { routes };
    ipv4 { import all; export none; };
}
CONFIG
    done
}

router_ask() {
    lab_on caller birdc -s "$dir/router.ctl" "$@"
}

# What it hears of the prefix: "SERVER MED", the one that it believes first.
router_hears() {
    { router_ask show route for "$prefix" all || true; } | awk '
        sub(/.*unicast \[/, "") { server = $1 }
        /BGP.med:/ { print server, $2 }'
}

router_hears_only() {
    [[ $(router_hears | awk '{ print $1 }') == "$1" ]]
}

router_hears_nobody() {
    [[ -z $(router_hears) ]]
}

# Both, and the new one is believed: its med is the lower one.
router_prefers() {
    [[ $(router_hears) =~ ^"$1 "([0-9]+)[[:space:]]"$2 "([0-9]+)$ ]] &&
        ((BASH_REMATCH[1] < BASH_REMATCH[2]))
}

# Whatever happened: who came was believed at once, whoever else was still heard.
router_never_astray() {
    awk -v prefix="$prefix" '
        !index($0, prefix) || !/ (added|updated|removed) / { next }
        { server = $4; sub(/\.ipv4$/, "", server) }
        / (added|updated) / && !/\[best\]/ { print "not believed: " $0 > "/dev/stderr"; bad = 1 }
        / added / { came[server]++ }
        END { exit bad || came["voice-1"] == 0 || came["mirror-1"] == 0 }' "$dir/router.log"
}

# From the newest "removed" of one server to the newest "added" of the other, in ms; below 0 both
# were heard for so long.
router_gap() {
    awk -v prefix="$prefix" -v from="$1" -v to="$2" '
        !index($0, prefix) { next }
        / removed / && $4 == from ".ipv4" { left = at() }
        / added / && $4 == to ".ipv4" { began = at() }
        END { print began - left }
        function at(parts) {
            split($1 " " $2, parts, /[-:. ]/)
            return mktime(parts[1] " " parts[2] " " parts[3] " " parts[4] " " parts[5] " " parts[6]) \
                * 1000 + parts[7]
        }' "$dir/router.log"
}

# ---- the servers ----

speaker_prepare() {
    local server=$1
    mkdir -p "$dir/$server/run"
    mkfifo "$dir/$server/run/exabgp.in" "$dir/$server/run/exabgp.out"
    sed -e "s/198\.51\.100\.1\b/$(lab_address caller)/" \
        -e "s/192\.0\.2\.1\b/$(lab_address "$server")/" "$example/exabgp.conf" \
        >"$dir/$server/exabgp.conf"
    printf '#!/bin/sh\nEXABGP_PIPE=%s exec %s "$@"\n' "$dir/$server/run/exabgp.in" "$example/bgp" \
        >"$dir/$server/hook"
    chmod 0755 "$dir/$server/hook"
    lab_on "$server" ip link add anycast0 type bridge
    cp "$LAB_DIR/nodes/$server.helper.yaml" "$dir/$server/helper.was"
    cat >>"$LAB_DIR/nodes/$server.helper.yaml" <<CONFIG
  - name: trunk
    hooks:
      - name: bgp
        program: $dir/$server/hook
        arguments: [$prefix]
        check: 1s
        last_resort: anycast0
CONFIG
}

# Debian's settings, which would make it another user, are not under this root.
speaker_start() {
    proc_start "exabgp.$1" "$1" env exabgp_daemon_user=root \
        exabgp --root "$dir/$1" "$dir/$1/exabgp.conf"
}

helper_again() {
    proc_stop "helper.$1"
    helper_start "$1"
}

cluster_config() {
    awk -v version="$1" '
        /^version: / { $0 = "version: " version }
        /^functions:/ {
            print "  - name: trunk"
            print "    kind: exclusive"
            print "    hold: {moves: 8, window: 1s, backoff: 0s}"
            print "    candidates:"
            print "      - {name: tokyo, servers: [voice-1]}"
            print "      - {name: osaka, servers: [mirror-1]}"
            print "    actuators: [{name: trunk-bgp, hook: {name: bgp}}]"
        }
        { print }' <<<"$was"
}

roll_out() {
    cat >"$file.new"
    mv "$file.new" "$file"
    proc_signal HUP "${coordinators[@]}"
}

# It takes commands: not as soon as it speaks with the router.
speaker_listens() {
    dd if=/dev/null of="$dir/$1/run/exabgp.in" oflag=nonblock conv=notrunc status=none 2>/dev/null
}

sessions_up() {
    local up
    up=$({ router_ask show protocols || true; } | awk '/Established/ { n++ } END { print n + 0 }')
    ((up == 2))
}

# ---- what happens ----

# Callers and the router go on; the servers of the other sites get nothing.
cut_from_servers() {
    net_nft -f - <<RULES
add rule bridge lab loss ip saddr 10.20.1.0/24 ip daddr 10.20.2.0-10.20.3.255 drop
add rule bridge lab loss ip saddr 10.20.2.0-10.20.3.255 ip daddr 10.20.1.0/24 drop
RULES
}

moved() {
    expect_soon 15000 "$1: only mirror-1 announces" router_hears_only mirror-1
    expect 'voice-1 has withdrawn it by itself' sessions_up
    printf '    %s: from the withdrawal to the announcement %s ms\n' "$1" \
        "$(router_gap voice-1 mirror-1)"
}

back() {
    expect_soon 20000 'all are heard again' ask_ready
    expect 'voice-1 does not take it back' router_hears_only mirror-1
    expect_soon 20000 'the route goes back' lab_switch_back trunk
    expect_soon 5000 'only voice-1 announces' router_hears_only voice-1
    expect 'who was believed was the holder' router_never_astray
}

for server in "${speakers[@]}"; do
    speaker_prepare "$server"
done
router_config >"$dir/router.conf"
proc_start router caller bird -f -c "$dir/router.conf" -s "$dir/router.ctl"
for server in "${speakers[@]}"; do
    speaker_start "$server"
    expect_soon 20000 "ExaBGP of $server takes commands" speaker_listens "$server"
done
expect_soon 20000 'both servers speak with the router' sessions_up
helper_again mirror-1
helper_again voice-1
cluster_config "$((version + 1))" | roll_out
expect_soon 15000 'only voice-1 announces' router_hears_only voice-1

# The holder's site is cut off from the other sites, and from nobody else.
cut_from_servers
moved 'site cut'
net_heal
back

# Its daemon is killed: the helper withdraws.
proc_kill coordinator.voice-1
moved 'daemon killed'
coordinator_start voice-1
back

# ExaBGP is killed: the hook's check finds nobody who takes commands.
proc_kill exabgp.voice-1
expect_soon 15000 'only mirror-1 announces' router_hears_only mirror-1
speaker_start voice-1
expect_soon 20000 'both servers speak with the router again' sessions_up
expect_soon 20000 'ExaBGP of voice-1 takes commands' speaker_listens voice-1
back

# The site is cut off from the router too, which hears no withdrawal: until the old session's
# hold time is over it hears both.
net_cut up-tokyo
expect_soon 8000 'the router hears both and believes mirror-1' router_prefers mirror-1 voice-1
expect_soon 15000 'only mirror-1 is left' router_hears_only mirror-1
printf '    cut off from all: both heard for %s ms\n' "$((-$(router_gap voice-1 mirror-1)))"
net_heal
expect_soon 60000 'both servers speak with the router again' sessions_up
back

# As it was.
awk -v version="$((version + 2))" '/^version: / { $0 = "version: " version } { print }' <<<"$was" |
    roll_out
expect_soon 10000 'nobody announces what is in no configuration' router_hears_nobody
for server in "${speakers[@]}"; do
    cat "$dir/$server/helper.was" >"$LAB_DIR/nodes/$server.helper.yaml"
    helper_again "$server"
    lab_on "$server" ip link del anycast0
done
proc_stop router "${speakers[@]/#/exabgp.}"
