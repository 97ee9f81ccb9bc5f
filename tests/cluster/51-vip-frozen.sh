#!/bin/bash
# The holder stands still (SIGSTOP): its daemon alone, then its service too, then as the leader.
# Its helper goes on, and fences. When it goes on after the move it has nothing to take back.
# lab: LAB_LAYOUT=vip LAB_PROFILE=fast
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"
# shellcheck source=tests/cluster/lib/vip.sh
. "$(dirname "$0")/lib/vip.sh"

leads() {
    [[ $(ask_leader) == "$1" ]]
}

# freeze BOUND NAME...
freeze() {
    local bound=$1 from
    shift
    from=$(ledger_size)
    caller_mark frozen
    proc_signal STOP "$@"
    expect "callers are served by mirror-1 while $* stand still" \
        caller_wait_served vip mirror-1 15000
    printf '    %s: outage %s ms\n' "$*" "$(caller_outage vip)"
    expect_at_most 'outage in ms at the address' "$(caller_outage vip)" "$bound"
    expect 'voice-1 has lost the address' vip_gone voice-1
    proc_signal CONT "$@"
    expect_soon 20000 'all are heard again' ask_ready
    expect 'voice-1 does not take it back' vip_gone voice-1
    expect 'it was never in two places' vip_never_twice
    expect 'the ledger has the move' ledger_has "$from" \
        '.type == "intent" and .route == "line" and .kind == "move"'
}

back() {
    expect 'all is back in tokyo' lab_reset
    expect 'callers are served by voice-1' caller_wait_served vip voice-1 5000
}

from=$(ledger_size)
freeze 2500 coordinator.voice-1
expect 'the ledger says that the holder did not serve' ledger_has "$from" \
    '.type == "lapsed" and .server == "voice-1"'
back
freeze 2500 coordinator.voice-1 endpoint.voice-1
back
kirikae leader move voice-1 --reason 'the story needs it' >/dev/null
expect_soon 10000 'voice-1 leads' leads voice-1
freeze 4000 coordinator.voice-1
