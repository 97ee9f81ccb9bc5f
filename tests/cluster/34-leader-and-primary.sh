#!/bin/bash
# The leader's server and the primary die together.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
fault_apply "kill:$(ask_leader)"
story_move kill:voice-1 mirror-1
story_proved "$from"
