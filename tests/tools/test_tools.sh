#!/bin/bash
# endpoint and caller as a cluster test uses them: started, awaited, marked, broken.
#   test_tools.sh ENDPOINT CALLER
set -euo pipefail
endpoint=$1 caller=$2
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
    exit 1
}

expect() { # WHAT PATTERN TEXT
    [[ $3 == $2 ]] || fail "$1: wanted $2, got $3"
}

# Starts an endpoint and sets $address to where it listens and $pid.
start_endpoint() { # NAME BIND
    mkfifo "$dir/$1.out"
    "$endpoint" --bind "$2" --name "$1" >"$dir/$1.out" &
    pid=$!
    pids+=("$pid")
    read -r -t 10 _ address <"$dir/$1.out" || fail "$1 did not start"
}

ctl() { "$caller" ctl "$dir/caller.sock" "$@"; }

# One request on a connection of bash's own.
get() { # PATH
    exec {http}<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$1" >&"$http"
    timeout 10 cat <&"$http" | tr -d '\r'
    exec {http}>&-
}

# A signal takes effect some time after kill returns.
await_health() { # PATTERN
    local answer
    for _ in {1..500}; do
        answer=$(get /health)
        [[ $answer == $1 ]] && return
    done
    fail "health: wanted $1, got $answer"
}

# Usage.
"$endpoint" --help | grep -q Example || fail "endpoint has no help"
"$caller" --help | grep -q Example || fail "caller has no help"
for words in "" "--bind nonsense" "--bind 127.0.0.1:0 extra"; do
    code=0 && "$endpoint" $words 2>/dev/null || code=$?
    [[ $code == 2 ]] || fail "endpoint $words: exit $code"
done
for words in "" "--http 127.0.0.1" "--dns 127.0.0.1:53" "--http 127.0.0.1:1 --interval-ms 0" "ctl"; do
    code=0 && "$caller" $words 2>/dev/null || code=$?
    [[ $code == 2 ]] || fail "caller $words: exit $code"
done

# The endpoint.
start_endpoint voice-1 127.0.0.1:0
first=$address first_pid=$pid
expect health "HTTP/1.1 200 OK*ok voice-1" "$(get /health)"
expect call "HTTP/1.1 200 OK*voice-1 1" "$(get /call)"
expect elsewhere "HTTP/1.1 404*" "$(get /elsewhere)"
kill -USR1 "$first_pid"
await_health "HTTP/1.1 503*sick voice-1"
expect "call when sick" "HTTP/1.1 200 OK*voice-1 2" "$(get /call)"
kill -USR1 "$first_pid"
await_health "HTTP/1.1 200 OK*"
code=0 && "$endpoint" --bind "$first" 2>/dev/null || code=$?
[[ $code == 1 ]] || fail "a taken port: exit $code"
exec {voice}<>"/dev/udp/${first%:*}/${first#*:}"
printf 'moshi moshi' >&"$voice"
expect echo "voice-1 moshi moshi" "$(timeout 10 dd bs=2000 count=1 status=none <&"$voice")"

# The caller, through the endpoint's death and return as another one.
"$caller" --http "$first" --interval-ms 5 --control "$dir/caller.sock" >"$dir/caller.out" &
caller_pid=$!
pids+=("$caller_pid")
expect served '{"ok":true,"served":"voice-1","waited_ms":*}' "$(ctl wait-served voice- 10000)"
code=0 && answer=$(ctl wait-served mirror- 50) || code=$?
[[ $code == 1 ]] || fail "served by nobody: exit $code"
expect "not served" '{"ok":false,"error":"not in time","waited_ms":*}' "$answer"
code=0 && ctl nonsense >/dev/null || code=$?
[[ $code == 1 ]] || fail "nonsense: exit $code"
expect mark '{"ok":true,"label":"kill"}' "$(ctl mark kill)"
kill -KILL "$first_pid"
wait "$first_pid" 2>/dev/null || true
expect failing '{"ok":true,"waited_ms":*}' "$(ctl wait-failing 10000)"
expect "report in the outage" '*"recovered_after_ms":null,"served_before":"voice-1"*' "$(ctl report)"
start_endpoint mirror-1 "$first"
expect "served again" '{"ok":true,"served":"mirror-1","waited_ms":*}' "$(ctl wait-served mirror- 10000)"
report=$(ctl report)
expect report '{"label":"kill","outage_ms":*,"failed":*,"served_before":"voice-1","served_after":"mirror-1","by":{*"mirror-1":*}}' "$report"
[[ $report =~ \"first_failure_ms\":([0-9]+),\"recovered_after_ms\":([0-9]+) ]] || fail "report: $report"
((BASH_REMATCH[1] <= BASH_REMATCH[2])) || fail "recovered before it failed: $report"

# A server that hangs: calls time out, but go on being made.
kill -STOP "$pid"
ctl mark hang >/dev/null
ctl wait-failing 10000 >/dev/null
kill -CONT "$pid"
ctl wait-served mirror- 10000 >/dev/null
[[ $(ctl report) =~ \"outage_ms\":([0-9]+) ]] && ((BASH_REMATCH[1] >= 200)) || fail "hang was not seen"

expect quit '{"ok":true}' "$(ctl quit)"
wait "$caller_pid" || fail "caller ended with $?"
expect "last report" '*"label":"hang"*' "$(cat "$dir/caller.out")"
[[ ! -e $dir/caller.sock ]] || fail "the control socket was left behind"
kill -TERM "$pid"
wait "$pid" || fail "endpoint ended with $?"
