#!/bin/bash
# A dead coordinator is not a dead service.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

is_silent() {
    [[ $(ask_status '.silent[].server') == voice-1 ]]
}

from=$(ledger_size)
caller_mark kill-coordinator
fault_apply kill-coordinator:voice-1
expect_soon 10000 "the others say that voice-1 is silent" is_silent
expect_equal "intents in the ledger" "$(ledger_count "$from" '.type == "intent"')" 0
expect "the callers are served by voice" callers_served voice- 2000
expect_at_most "outage in ms" "$(caller_outage http)" 500

coordinator_start voice-1
expect_soon 10000 "voice-1 is heard again" ask_ready
expect_equal "intents in the ledger" "$(ledger_count "$from" '.type == "intent"')" 0
