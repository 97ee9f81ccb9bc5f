#!/bin/bash
# The quorum is lost: each site of which a coordinator still runs tells it by itself, once. When it
# is back, that is told too.
# lab: LAB_LAYOUT=site LAB_NOTICES=1
# needs: namespaces
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

told_are() { # EVENT N
    [[ $(told "$1" | wc -l) == "$2" ]]
}
told() { # EVENT: requests
    post_requests quorum | jq -c "select(.body | fromjson | .events[0].event == \"$1\")"
}

post_forget
for server in voice-{1..4} mirror-{1..3}; do
    fault_apply "kill-coordinator:$server"
done
expect_soon 40000 'two sites tell it' told_are quorum-lost 2
expect_equal 'each under a key of its own' 2 \
    "$(told quorum-lost | jq -r '.headers["Idempotency-Key"]' | sort -u | wc -l)"
fault_heal
expect_soon 60000 'all are back' ask_ready
expect_soon 30000 'that is told' told_are quorum-back 1
expect 'and the loss no more' told_are quorum-lost 2
