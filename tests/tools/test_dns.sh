#!/bin/bash
# The caller asks a real name server before every call, and follows an update at once.
#   test_dns.sh ENDPOINT CALLER
set -euo pipefail
if [[ ${1-} != --inside ]]; then
    command -v named nsupdate ip >/dev/null && unshare -n true 2>/dev/null || exit 77
    exec unshare -n "$0" --inside "$@"
fi
endpoint=$2 caller=$3
dir=$(mktemp -d)
pids=()

cleanup() {
    kill -KILL "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT

fail() {
    echo "FAILED: $*" >&2
    cat "$dir/named.log" >&2 || true
    exit 1
}

ctl() { "$caller" ctl "$dir/caller.sock" "$@" || fail "$*"; }

ip link set lo up
cat >"$dir/named.conf" <<END
options {
    directory "$dir"; pid-file none; session-keyfile none; recursion no;
    listen-on port 5300 { 127.0.0.1; }; listen-on-v6 { none; };
};
controls { };
zone "call.example" { type primary; file "zone"; allow-update { 127.0.0.1; }; };
END
cat >"$dir/zone" <<END
\$TTL 1
@ SOA ns.call.example. admin.call.example. 1 60 60 60 1
@ NS ns
ns A 127.0.0.1
sip A 127.0.0.2
sip A 127.0.0.3
END
chmod 777 "$dir"
named -g -c "$dir/named.conf" >"$dir/named.log" 2>&1 &
named_pid=$!
pids+=("$named_pid")
for server in voice-1=127.0.0.2 voice-2=127.0.0.3 mirror-1=127.0.0.4; do
    "$endpoint" --bind "${server#*=}:8080" --name "${server%=*}" >/dev/null &
    pids+=("$!")
done
"$caller" --dns 127.0.0.1:5300 --name sip.call.example --port 8080 --interval-ms 5 \
    --control "$dir/caller.sock" >"$dir/caller.out" &
pids+=("$!")

# Each of the two addresses is called at random.
ctl wait-served voice-1 20000 >/dev/null
ctl wait-served voice-2 20000 >/dev/null
ctl mark move >/dev/null
nsupdate <<END || fail nsupdate
server 127.0.0.1 5300
update delete sip.call.example. A
update add sip.call.example. 1 A 127.0.0.4
send
END
ctl wait-served mirror-1 10000 >/dev/null
[[ $(ctl report) == *'"served_after":"mirror-1"'* ]] || fail "report: $(ctl report)"
ctl mark silence >/dev/null
kill -STOP "$named_pid"
ctl wait-failing 10000 >/dev/null
kill -CONT "$named_pid"
ctl wait-served mirror-1 10000 >/dev/null
