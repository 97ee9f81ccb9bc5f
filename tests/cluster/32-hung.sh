#!/bin/bash
# The primary server's processes are stopped, their sockets stay open.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

from=$(ledger_size)
story_move hang:voice-1 mirror-1
story_proved "$from"
