#!/bin/bash
# Random packet loss between all servers for a long time: nothing may move. One JSON line.
#
#   loss.sh [--profile normal|fast] [--minutes N] [--percent N]
#
# Default: 30 minutes of 20 %. "without_leader_ms" is the longest time in which any node
# knew of no leader, by the nodes' own logs.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

profile=normal minutes=30 percent=20

# The longest time from "no-leader" to the next "leader" in one node's log, of all nodes.
longest_without_leader() {
    local log
    for log in "$LAB_DIR"/log/coordinator.*.log; do
        jq -R -s --argjson from "$1" '
            def at: (.[0:19] + "Z" | fromdateiso8601) * 1000 + (.[20:23] | tonumber);
            reduce (split("\n")[] | select(test("^[^ ]+ [a-z]+ +[^ ]+ (no-)?leader: "))) as $line
                ({since: null, longest: 0};
                 if ($line | at) < $from then .
                 elif $line | contains(" no-leader: ") then .since = (.since // ($line | at))
                 elif .since == null then .
                 else .longest = ([.longest, ($line | at) - .since] | max) | .since = null end)
            | .longest' "$log"
    done | sort -n | tail -n 1
}

main() {
    local from began
    while (($#)); do
        case $1 in
        --profile | --minutes | --percent) printf -v "${1#--}" '%s' "$2" ;;
        *) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;;
        esac
        shift 2
    done
    bench_traps
    bench_lab "PROFILE=$profile"
    from=$(ledger_size)
    began=$(now_ms)
    caller_mark loss
    fault_apply "loss:$percent"
    sleep "$((minutes * 60))"
    fault_heal
    ledger_from "$from" | jq -cs --arg profile "$profile" --argjson minutes "$minutes" \
        --argjson percent "$percent" --argjson longest "$(longest_without_leader "$began")" \
        --argjson http "$(caller_outage http)" --argjson dns "$(caller_outage dns)" '
        def count(f): map(select(f)) | length;
        {bench: "loss", profile: $profile, minutes: $minutes, percent: $percent,
         moves: count(.type == "intent" and .kind == "move"),
         pool_changes: count(.type == "intent" and .kind == "pool"),
         down: count(.category == "verdict" and .type == "down"),
         disputed: count(.category == "verdict" and .type == "disputed"),
         leader_changes: count(.category == "membership" and .type == "leader"),
         silent: count(.category == "membership" and .type == "silent"),
         without_leader_ms: $longest, http_outage_ms: $http, dns_outage_ms: $dns}'
}

main "$@"
