#!/bin/bash
# Pause, drain, leader move, longer maintenance; two operators at once; who is asked before.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# The administrative state of a server in its backend: bit 0x08 is drain.
drained_in_haproxy() {
    local state
    state=$(haproxy_ask "show servers state ${1%-*}" | awk -v name="$1" '$4 == name { print $7 }')
    [[ -n $state ]] && ((state & 8))
}
ready_in_haproxy() {
    haproxy_pool "${1%-*}" | grep -qx "$1"
}
pool_is() {
    [[ $(haproxy_pool voice | tr '\n' ' ') == "$1" ]]
}
active_is() {
    [[ $(ask_active calls) == "$1" ]]
}
leads() {
    [[ $(kirikae leader --json | jq -r .leader) == "$1" ]]
}
# What a command says when it is refused.
expect_says() {
    local what=$1 part=$2 said
    shift 2
    said=$("$@" 2>&1 >/dev/null) && story_fail "$what: done, not refused"
    [[ $said == *"$part"* ]] || story_fail "$what: \"$said\""
    printf '  %s: %s\n' "$what" "$said"
}

# ---- a pause keeps a failover back ----

from=$(ledger_size)
expect_exit 0 "a pause" kirikae pause calls --for 10m --reason 'work on the uplink'
expect_soon 5000 "status shows it" eval \
    'kirikae status --json | jq -e ".routes[] | select(.route == \"calls\") | .paused.who == \"suzuki\"" >/dev/null'
for server in voice-1 voice-2 voice-3 voice-4; do
    fault_apply "kill-service:$server"
done
# shellcheck disable=SC2016 # eval expands it, each time anew
expect_soon 10000 "the other route leaves" eval '[[ $(ask_active softphones) == osaka ]]'

sleep 3 # nothing may happen: there is no event to wait for
expect_equal "calls stays" "$(ask_active calls)" tokyo
expect_exit 0 "resume" kirikae resume calls --reason 'uplink done'
expect_soon 10000 "and moves at once" active_is osaka
expect "both are in the ledger" ledger_has "$from" '.type == "resumed" and .who == "suzuki"'
fault_heal
expect_soon 20000 "voice is well again" ask_ready
expect_exit 0 "calls goes back" kirikae failback calls --reason 'voice is well'
expect_exit 0 "and softphones" kirikae failback softphones --reason 'voice is well'
expect_soon 5000 "calls is back" active_is tokyo

# ---- drain ----

expect_exit 0 "a drain" kirikae drain voice-2 --reason 'new disk'
expect_soon 5000 "HAProxy drains voice-2" drained_in_haproxy voice-2
expect_exit 0 "another" kirikae drain voice-3 --reason 'new disk'
expect_says "a third is too much" 'would be left with 1 fit' \
    kirikae drain voice-4 --reason 'new disk'
expect_exit 0 "undrain" kirikae undrain voice-2 --reason 'disk is in'
expect_exit 0 "undrain" kirikae undrain voice-3 --reason 'disk is in'
expect_soon 10000 "all are back in the pool" pool_is 'voice-1 voice-2 voice-3 voice-4 '
expect_exit 0 "a drain where nothing is served now" kirikae drain mirror-2 --reason 'new disk'
expect_soon 5000 "HAProxy drains mirror-2" drained_in_haproxy mirror-2
expect_exit 0 "undrain" kirikae undrain mirror-2 --reason 'disk is in'
expect_soon 5000 "and it is ready" ready_in_haproxy mirror-2
from=$(ledger_size)
haproxy_ask 'set server voice/voice-3 state maint' >/dev/null
expect_soon 5000 "what is done by hand is put right" ready_in_haproxy voice-3
expect_soon 5000 "and told" ledger_has "$from" \
    '.type == "reasserted" and .reason == "voice/voice-3 was maint, is ready again"'

# ---- who leads ----

leader=$(ask_leader)
for next in mirror-1 mirror-2; do
    [[ $next != "$leader" ]] && break
done
expect_exit 0 "leader move" kirikae leader move "$next" --reason 'new kernel'
expect_soon 5000 "$next leads" leads "$next"
expect_says "again" 'it leads already' kirikae leader move "$next" --reason 'new kernel'

# ---- longer maintenance ----

soon=$(date -u -d '+20 days' +%FT%TZ)
later=$(date -u -d '+21 days' +%FT%TZ)
longer=$(date -u -d '+22 days' +%FT%TZ)
expect_exit 0 "a window" kirikae maintenance add --functions calling --start "$soon" \
    --end "$later" --reason patches
# shellcheck disable=SC2016 # eval expands it, each time anew
expect_soon 5000 "it is listed" eval \
    'id=$(kirikae maintenance list --json | jq -re "[.windows[] | select(.state == \"planned\")] | last | .window // empty")'
id=$(kirikae maintenance list --json |
    jq -re '[.windows[] | select(.state == "planned")] | last | .window')
expect_exit 0 "it is extended" kirikae maintenance extend "$id" --until "$longer" --reason more
expect_soon 5000 "which the ledger has" ledger_has "$from" \
    '.type == "extended" and .short_notice == false'
expect_exit 0 "and called off" kirikae maintenance end "$id" --reason 'not needed'

# ---- who is asked before ----

expect_exit 2 "--force without a terminal" \
    kirikae failover calls --to osaka --force --reason drill </dev/null
if command -v script >/dev/null; then
    on_terminal() {
        printf '%s\n' "$1" | script -qec "$2" /dev/null >/dev/null
    }
    force="$LAB_DIR/kirikae failover calls --to osaka --force --reason drill"
    expect_exit 1 "a wrong word on a terminal" on_terminal yes "$force"
    expect_soon 5000 "nothing moved" active_is tokyo
    expect_exit 0 "the route's name" on_terminal calls "$force"
    expect_soon 5000 "it moved" active_is osaka
fi
