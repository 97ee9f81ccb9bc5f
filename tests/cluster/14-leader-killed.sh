#!/bin/bash
# The leader's server dies: another leads, nothing moves.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

another_leads() {
    local now
    now=$(ask_leader)
    [[ -n $now && $now != "$leader" ]]
}

in_ishikari() {
    [[ $(lab_site "$(ask_leader)") == ishikari ]]
}

expect_soon 20000 "the leader lives where no route prefers to be" in_ishikari
from=$(ledger_size)
leader=$(ask_leader)
fault_apply "kill:$leader"
expect_soon 10000 "another leads" another_leads
expect "the callers are served by voice" callers_served voice- 2000
expect_moves "$from" 0
