#!/bin/bash
# What an operator may ask for, and what is refused.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# The node that is asked may be a little behind the leader.
active_is() {
    [[ $(ask_active calls) == "$1" ]]
}

from=$(ledger_size)
expect_exit 1 "failover of a healthy side is refused" \
    kirikae failover calls --to osaka --reason 'is it down?'
expect_soon 5000 "the refusal is in the ledger, with the operator's name" \
    ledger_has "$from" '.type == "refused" and .who == "suzuki"'

expect_exit 0 "a dry run" kirikae switchover calls --to osaka --reason drill --dry-run
expect_moves "$from" 0
expect_exit 2 "no such route" kirikae switchover nothing --to osaka --reason drill
expect_exit 2 "no such verb" kirikae fly
expect_exit 2 "no reason given" kirikae switchover calls --to osaka

caller_mark switchover
expect_exit 0 "a planned switchover" kirikae switchover calls --to osaka --reason drill
expect "the caller is served by mirror" caller_wait_served http mirror- 5000
expect_at_most "outage of a planned switchover in ms" "$(caller_outage http)" 200
expect_soon 5000 "osaka is active" active_is osaka
expect_equal "the other route stays" "$(ask_active softphones)" tokyo
expect_soon 5000 "planned, by suzuki, with the reason" ledger_has "$from" \
    '.type == "intent" and .planned and .who == "suzuki" and .reason == "drill"'
expect_exit 0 "explain" kirikae explain calls

KIRIKAE_CONFIG=$LAB_DIR/viewer.yaml expect_exit 1 "a viewer may not" \
    kirikae switchover calls --to tokyo --reason drill
KIRIKAE_CONFIG=$LAB_DIR/viewer.yaml expect_exit 0 "a viewer may look" kirikae routes

expect_exit 0 "back by any node, a follower forwards" \
    kirikae switchover calls --to tokyo --reason 'drill over' --node mirror-2
expect "the caller is served by voice" caller_wait_served http voice- 5000
