#!/bin/bash
# Every packet of the primary server is dropped.
# needs: namespaces
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
story_move silence:voice-1 mirror-1
story_proved "$from"
fault_heal
expect_soon 20000 "voice-1 is heard again" ask_ready
expect_moves "$from" 2
