#!/bin/bash
# The leader's server and the primary die together.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

# Before it has handed over the leader may be the alternate itself: nothing would be left.
in_ishikari() {
    [[ $(lab_site "$(ask_leader)") == ishikari ]]
}

expect_soon 20000 "the leader lives where no route prefers to be" in_ishikari
from=$(ledger_size)
fault_apply "kill:$(ask_leader)"
story_move kill:voice-1 mirror-1
story_proved "$from"
