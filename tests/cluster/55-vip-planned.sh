#!/bin/bash
# Planned work on the servers of an exclusive route: SIGTERM to the holder's daemon, a restart, a
# stop of the leader's, and a standby whose helper is away. Who is asked to stop lets the other one
# serve first: nobody waits for a grant to run out.
# lab: LAB_LAYOUT=vip LAB_PROFILE=fast
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"
# shellcheck source=tests/cluster/lib/vip.sh
. "$(dirname "$0")/lib/vip.sh"

# Less than a grant: it was not waited for. (fast: 250 ms, and what it takes to be found silent.)
bound=400

said_unready() {
    [[ $(kirikae explain --why-not line) == *"$1 could not hold it: its kirikae-helper is not heard"* ]]
}

helper_is_heard() {
    [[ $(kirikae explain --why-not line) != *"$1 could not hold it"* ]]
}

# The holder's daemon is stopped, and stays away for a while.
from=$(ledger_size)
expect 'voice-1 has the address' vip_at voice-1
caller_mark stop
proc_signal TERM coordinator.voice-1
expect 'callers are served by mirror-1' caller_wait_served vip mirror-1 5000
expect 'the daemon ends' proc_wait_gone 5000 coordinator.voice-1
printf '    stopped: outage %s ms, of them without the address anywhere: %s ms\n' \
    "$(caller_outage vip)" "$(vip_gap voice-1 mirror-1)"
expect_at_most 'outage in ms' "$(caller_outage vip)" "$bound"
expect 'it was never in two places' vip_never_twice
expect_soon 5000 'the ledger says who and why' ledger_has "$from" \
    '.type == "intent" and .route == "line" and .rule == 67 and .who == "voice-1"'
coordinator_start voice-1
expect_soon 20000 'all are heard again' ask_ready
expect 'voice-1 does not take it back' vip_gone voice-1

# Restarted, as systemctl restart does it: mirror-1 hands over and comes back.
expect_soon 5000 'the helper of voice-1 is heard' helper_is_heard voice-1
caller_mark restart
proc_stop coordinator.mirror-1
coordinator_start mirror-1
expect 'callers are served by voice-1' caller_wait_served vip voice-1 5000
printf '    restarted: outage %s ms, of them without the address anywhere: %s ms\n' \
    "$(caller_outage vip)" "$(vip_gap mirror-1 voice-1)"
expect_at_most 'outage in ms' "$(caller_outage vip)" "$bound"
expect 'it was never in two places' vip_never_twice
expect_soon 20000 'all are heard again' ask_ready

# The leader's: another one leads before it is gone, and nothing moves.
from=$(ledger_size)
leader=$(ask_status .leader)
caller_mark leader
proc_stop "coordinator.$leader"
expect_soon 5000 'another one leads' ledger_has "$from" '.type == "leader"'
coordinator_start "$leader"
expect_soon 20000 'all are heard again' ask_ready
printf '    leader %s stopped: outage %s ms\n' "$leader" "$(caller_outage vip)"
expect_moves "$from" 0

# The standby's helper is away: it is no candidate, and says so.
proc_kill helper.mirror-1
expect_soon 5000 'explain says why mirror-1 is not ready' said_unready mirror-1
expect_exit 1 'a switchover to it is refused' kirikae switchover line --to osaka --reason work
[[ $story_output == *'its kirikae-helper is not heard'* ]] ||
    story_fail "it does not say why: $story_output"
from=$(ledger_size)
proc_stop coordinator.voice-1 # nobody takes over: it does not wait, and holds until the grant ends
coordinator_start voice-1
expect_soon 20000 'all are heard again' ask_ready
expect_moves "$from" 0
expect 'callers are served by voice-1' caller_wait_served vip voice-1 5000
helper_start mirror-1
expect_soon 5000 'the helper of mirror-1 is heard' helper_is_heard mirror-1
expect 'it was never in two places' vip_never_twice
