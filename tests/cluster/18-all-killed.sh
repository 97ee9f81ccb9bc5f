#!/bin/bash
# SIGKILL of all twelve at once: state and ledger come back whole, equal everywhere.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

coordinators=("${LAB_SERVERS[@]/#/coordinator.}")
bodies() {
    local server
    for server in "${LAB_SERVERS[@]}"; do
        kirikae status --json --node "$server" |
            jq -c --arg asked "$server" 'select(.node == $asked) | [.ledger.size, .ledger.root, .routes, .functions, .raft.applied]'
    done
}
# All twelve say the same of state and ledger. Entries may come between two answers: that
# is why this is tried until it is so.
equal_everywhere() {
    [[ $(bodies 2>/dev/null | sort | uniq -c | awk '{ print $1 }') == 12 ]]
}

# Lines that come later do not count. Everything is read: who stops early breaks the pipe.
first_lines() {
    ledger_from 0 | jq -c --argjson n "$1" 'select(.seq < $n)'
}

kirikae switchover calls --to osaka --reason 'a state worth keeping' >/dev/null
from=$(ledger_size)
before=$(first_lines "$from" | sha256sum)
proc_kill "${coordinators[@]}"
nodes_start
expect_soon 30000 "the cluster is back" ask_ready
expect_equal "the route is where it was" "$(ask_active calls)" osaka
expect_soon 10000 "all twelve agree on state and ledger" equal_everywhere
expect_equal "no line was lost or changed" "$(first_lines "$from" | sha256sum)" "$before"

for _ in 1 2 3; do
    victim=${LAB_SERVERS[RANDOM % 12]}
    proc_kill "coordinator.$victim"
    coordinator_start "$victim"
done
expect_soon 30000 "the cluster is back" ask_ready
expect_soon 10000 "all twelve agree on state and ledger" equal_everywhere
