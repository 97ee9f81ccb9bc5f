#!/bin/bash
# Calls through Kamailio: SIP servers watched by OPTIONS, moved by the dispatcher of a real
# Kamailio, in turn with a program; and a command that comes too late.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

coordinators=("${LAB_SERVERS[@]/#/coordinator.}")
file=$LAB_DIR/cluster.yaml
was=$(<"$file")
version=$(ask_status .config.version)
dir=$LAB_DIR/traffic/sip
edge=$(lab_address lb-1)
mkdir -p "$dir/state"

# A SIP server that says its name.
sip_config() {
    cat <<CONFIG
log_stderror=yes
debug=0
children=1
disable_tcp=yes
listen=udp:$(lab_address "$1"):5060
loadmodule "sl.so"
loadmodule "pv.so"
request_route { sl_send_reply("200", "$1"); }
CONFIG
}
edge_config() {
    cat <<CONFIG
log_stderror=yes
debug=0
children=1
disable_tcp=yes
listen=udp:$edge:5060
loadmodule "jsonrpcs.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "dispatcher.so"
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "$dir/rpc")
modparam("dispatcher", "list_file", "$dir/list")
modparam("dispatcher", "reload_delta", 1)
request_route {
    if (!ds_select_dst("1", "4")) { sl_send_reply("503", "nobody"); exit; }
    t_relay();
}
CONFIG
}
agent_config() {
    cat <<CONFIG
name: edge
listen: {address: "$edge", port: 7410}
tls: {ca: $LAB_DIR/certs/ca.pem, cert: $LAB_DIR/certs/edge.pem, key: $LAB_DIR/certs/edge.key}
state_dir: $dir/state
kamailio: {socket: $dir/rpc, list: $dir/list}
programs: [{name: announce, path: $dir/announce}]
CONFIG
}
announce_program() {
    cat <<PROGRAM
#!/bin/sh
case \$KIRIKAE_ACTION in
read) test "\$(cat $dir/announced)" = "\$KIRIKAE_CANDIDATE \$KIRIKAE_MEMBERS" ;;
apply) echo "\$KIRIKAE_CANDIDATE \$KIRIKAE_MEMBERS" >$dir/announced ;;
esac
PROGRAM
}
cluster_config() {
    awk -v edge="$edge" -v version="$1" '
        /^version: / { $0 = "version: " version }
        /^routes:/ {
            print "  - {name: sip, targets: [voice-1, mirror-1], sip: {}, interval: 100ms, timeout: 300ms}"
            print
            print "  - name: trunks"
            print "    candidates:"
            print "      - {name: tokyo, servers: [voice-1]}"
            print "      - {name: osaka, servers: [mirror-1]}"
            print "    order: in-turn"
            print "    actuators:"
            print "      - {name: edge, kamailio: {address: \"" edge ":7410\", agent: edge, set: 1}}"
            print "      - name: announce"
            print "        exec: {address: \"" edge ":7410\", agent: edge, program: announce}"
            print "        timeout: 2s"
            next
        }
        /^services:/ { print "  - {name: trunk, label_ja: 外線, route: trunks}" }
        { print }' <<<"$was"
}

kamailio_start() { # NAME HOST
    proc_start "$1" "$2" kamailio -DD -E -m 16 -M 4 -f "$dir/$1.cfg" -Y "$dir"
}
# All its processes at once, as when a machine's memory ran out.
kamailio_kill() {
    local pid
    pid=$(proc_pid "$1")
    kill -s KILL -- "-$pid"
    proc_wait_gone 5000 "$1"
}
agent_start() {
    proc_start agent lb-1 "$LAB_BUILD/coordinator/agent/kirikae-agent" --config "$dir/agent.yaml"
}
roll_out() {
    cat >"$file.new"
    mv "$file.new" "$file"
    proc_signal HUP "${coordinators[@]}"
}
# A call through the edge: the reason phrase names who took it.
call() {
    local at
    at=$(lab_address caller)
    # shellcheck disable=SC2016 # for the inner shell
    lab_on caller timeout 1 bash -c '
        exec 3<>"/dev/udp/$1/5060"
        printf "OPTIONS sip:100@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s:9;rport;branch=z9hG4bK%s\r\nMax-Forwards: 9\r\nFrom: <sip:c@%s>;tag=1\r\nTo: <sip:100@%s>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n" \
            "$1" "$2" "$3" "$2" "$1" "$3" | dd bs=4096 iflag=fullblock >&3 2>/dev/null # one datagram
        dd bs=4096 count=1 <&3 2>/dev/null' call "$edge" "${at:-127.0.0.1}" "$RANDOM$RANDOM" |
        tr -d '\r' | sed -n 's/^SIP\/2\.0 200 //p'
}
served_by() {
    [[ $(call) == "$1" ]]
}
announced() {
    [[ $(cat "$dir/announced" 2>/dev/null) == "$1" ]]
}
# What the agent once obeyed, sent once more by a node: its answer.
send_late() {
    local size
    size=$(stat -c %s "$1")
    {
        # shellcheck disable=SC2059 # the four bytes of the length
        printf "$(printf '\\x%02x' 0 0 $((size / 256)) $((size % 256)))"
        cat "$1"
        sleep 1
    } | lab_on backup-1 timeout 3 openssl s_client -quiet -connect "$edge:7410" \
        -alpn kirikae-agent/1 -CAfile "$LAB_DIR/certs/ca.pem" -cert "$LAB_DIR/certs/backup-1.pem" \
        -key "$LAB_DIR/certs/backup-1.key" 2>/dev/null | tr -c '[:print:]' '\n' || true
}

"$LAB_TOP/deploy/make-certs" --dir "$LAB_DIR/certs" agent "edge=$edge" >/dev/null
sip_config voice-1 >"$dir/sip.voice-1.cfg"
sip_config mirror-1 >"$dir/sip.mirror-1.cfg"
edge_config >"$dir/kamailio.cfg"
agent_config >"$dir/agent.yaml"
announce_program >"$dir/announce"
chmod 0755 "$dir/announce"
kamailio_start sip.voice-1 voice-1
kamailio_start sip.mirror-1 mirror-1
agent_start
expect_soon 5000 "the agent wrote the first list" test -e "$dir/list"
kamailio_start kamailio lb-1

from=$(ledger_size)
cluster_config "$((version + 1))" | roll_out
expect_soon 15000 "calls are taken by voice-1" served_by voice-1
expect_soon 5000 "the program knows" announced "tokyo voice-1"
expect_soon 5000 "in turn: Kamailio was first" ledger_has "$from" \
    '.type == "verified" and .route == "trunks"'
cp "$dir/state/trunks@announce.order" "$dir/late"

from=$(ledger_size)
began=$(now_ms)
kamailio_kill sip.voice-1
expect_soon 10000 "calls are taken by mirror-1" served_by mirror-1
printf '    outage: SIP about %s ms\n' "$(($(now_ms) - began))"
expect_soon 5000 "the program knows" announced "osaka mirror-1"
expect_soon 5000 "by verdict: refused, seen from two sites or more" ledger_has "$from" \
    '.type == "down" and .check == "sip@voice-1" and ([.ballots[] | select(.opinion == "down") | .site] | unique | length) >= 2'

answer=$(send_late "$dir/late")
expect "a late command is refused" grep -q 'newer than' <<<"$answer"
proc_kill agent
agent_start
expect_soon 5000 "the agent listens again" grep -q 'newer than' <<<"$(sleep 1; send_late "$dir/late")"
expect "the program was not told" announced "osaka mirror-1"

kamailio_kill kamailio
kamailio_start kamailio lb-1
expect_soon 5000 "after its restart Kamailio says the same" served_by mirror-1

# As it was.
kamailio_start sip.voice-1 voice-1
awk -v version="$((version + 2))" '/^version: / { $0 = "version: " version } { print }' <<<"$was" | roll_out
expect_soon 20000 "the configuration is as it was" ask_calm
proc_stop kamailio sip.voice-1 sip.mirror-1 agent
