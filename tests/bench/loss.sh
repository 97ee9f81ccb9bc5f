#!/bin/bash
# Random packet loss between all servers for a long time: nothing may move. One JSON line.
#
#   loss.sh [--profile normal|fast] [--minutes N] [--percent N]
#
# Default: 30 minutes of 20 %. "without_leader_ms" is the longest time in which a node
# (asked every 200 ms) knew of no leader with a quorum.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

profile=normal minutes=30 percent=20 longest=0

watch() {
    local end good
    end=$(($(now_ms) + minutes * 60000)) good=$(now_ms)
    while (($(now_ms) < end)); do
        if [[ $(ask_status '.leader != null and .quorum.ok') == true ]]; then
            good=$(now_ms)
        elif (($(now_ms) - good > longest)); then
            longest=$(($(now_ms) - good))
        fi
        sleep 0.2
    done
}

main() {
    local from
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
    caller_mark loss
    fault_apply "loss:$percent"
    watch
    fault_heal
    ledger_from "$from" | jq -cs --arg profile "$profile" --argjson minutes "$minutes" \
        --argjson percent "$percent" --argjson longest "$longest" \
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
