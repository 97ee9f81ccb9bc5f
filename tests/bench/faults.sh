#!/bin/bash
# How long callers are not served, fault by fault. Prints a JSON line for each run and one
# of min, median and max for each fault.
#
#   faults.sh [--runs N] [--profile normal|fast] [FAULT...]
#
# Faults: kill silence hang kill-service leader (kill, and the leader at once): of voice-1,
# with mirror-1 as the only alternate; cut (the whole primary site, four servers a side).
# Default: all, 20 runs each, fast. Each begins at a random phase of beats and checks.
#
# "believed", "decided", "acted" are milliseconds from the fault to the ledger's verdict,
# intent and outcome (the actuator said yes); decided to acted holds the commit and the
# actuator's own time, acted to the outage's end is the caller's.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

runs=20 profile=fast faults=()

parse() {
    while (($#)); do
        case $1 in
        --runs) runs=$2 && shift ;;
        --profile) profile=$2 && shift ;;
        kill | silence | hang | kill-service | leader | cut) faults+=("$1") ;;
        *)
            sed -n 's/^#   //p' "$0" >&2
            exit 2
            ;;
        esac
        shift
    done
    ((${#faults[@]})) || faults=(kill kill-service silence hang leader cut)
}

strike() {
    case $1 in
    cut) fault_apply cut:tokyo ;;
    leader)
        proc_signal KILL "coordinator.$leader" endpoint.voice-1 coordinator.voice-1 \
            "endpoint.$leader"
        ;;
    *) fault_apply "$1:voice-1" ;;
    esac
}

# Milliseconds from $1 to the first lines of the ledger that tell of it.
breakdown() {
    ledger_from "$2" | jq -cs --argjson t0 "$1" '
        def at: (.time | (.[0:19] + "Z" | fromdateiso8601) * 1000 + (.[20:23] | tonumber)) - $t0;
        def first_at(f): [.[] | select(f) | at] | min;
        {believed: first_at(.category == "verdict" and .type == "down"),
         decided: first_at(.type == "intent" and .kind == "move"),
         acted_http: first_at(.type == "outcome" and .ok and .route == "calls"),
         acted_dns: first_at(.type == "outcome" and .ok and .route == "softphones")}'
}

# Both routes' moves are in the ledger to the end; the callers may be served before.
both_verified() {
    [[ $(ledger_from "$1" | jq -r 'select(.type == "verified" and .to == "osaka") | .route' |
        sort -u | wc -l) == 2 ]]
}

one_run() {
    local fault=$1 run=$2 from t0 pause
    from=$(ledger_size)
    leader=$(ask_leader)
    printf -v pause '0.%03d' "$((RANDOM % 1000))"
    sleep "$pause"
    caller_mark "$fault-$run"
    t0=$(now_ms)
    strike "$fault"
    callers_served mirror- 30000 || return 1
    wait_until 5000 50 both_verified "$from" || return 1
    jq -cn --arg fault "$fault" --arg profile "$profile" --argjson run "$run" \
        --argjson http "$(caller_outage http)" --argjson dns "$(caller_outage dns)" \
        --argjson parts "$(breakdown "$t0" "$from")" \
        '{fault: $fault, profile: $profile, run: $run, http_ms: $http, dns_ms: $dns} + $parts'
    lab_reset
}

summary() {
    jq -cs '
        def figures(f): map(f) | map(select(. != null)) | sort
            | {min: first, median: .[length / 2 | floor], max: last};
        {summary: first.fault, profile: first.profile, runs: length, http_ms: figures(.http_ms),
         dns_ms: figures(.dns_ms), believed: figures(.believed), decided: figures(.decided),
         acted_http: figures(.acted_http), acted_dns: figures(.acted_dns)}' "$1"
}

main() {
    local fault run layout now='' results
    parse "$@"
    bench_traps
    for fault in "${faults[@]}"; do
        layout=pair-1
        [[ $fault != cut ]] || layout=site
        if [[ $now != "$layout" ]]; then
            bench_lab "LAYOUT=$layout" "PROFILE=$profile"
            now=$layout
        fi
        results=$LAB_DIR/results
        : >"$results"
        for ((run = 1; run <= runs; run++)); do
            one_run "$fault" "$run" | tee -a "$results"
        done
        summary "$results"
    done
}

main "$@"
