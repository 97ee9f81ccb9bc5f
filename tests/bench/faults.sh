#!/bin/bash
# How long callers are not served, fault by fault, and where each millisecond went. Prints a
# JSON line for each run, one of the figures for each fault, and at the end a table.
#
#   faults.sh [--runs N] [--profile normal|fast|both] [FAULT...]
#
# Faults: kill silence hang kill-service leader (kill, and the leader at once): of voice-1,
# with mirror-1 as the only alternate; cut (the whole primary site, four servers a side).
# Default: all, 10 runs each, both. Each begins at a random phase of beats and checks.
#
# The steps are milliseconds after the fault, by the nodes' own logs:
#   seen        the first probe that failed, at any observer
#   believed    the leader has a majority of ballots and proposes the verdict
#   fact        the verdict is committed and applied
#   decided     the intent to move a route is proposed
#   committed   … and committed: HAProxy is told from then on
#   may         the echoes of a majority say that this node still leads
#   done        HAProxy has read back what was ordered
#   served      the first call through HAProxy since is answered by the alternate
# and beside them the outage, the longest time between two good calls, through HAProxy (http)
# and through DNS.
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

runs=10 profiles=(normal fast) faults=()
steps='["seen", "believed", "fact", "decided", "committed", "may", "done", "served"]'

parse() {
    while (($#)); do
        case $1 in
        --runs) runs=$2 && shift ;;
        --profile)
            [[ $2 == both ]] || profiles=("$2")
            shift
            ;;
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

# Milliseconds from $1 to the first lines of the logs that tell of it. Those who are cut off
# are left out: what they see is not what the verdict came from.
breakdown() {
    local from logs=("$LAB_DIR"/log/coordinator.{mirror,backup}-*.log)
    TZ=UTC printf -v from '%(%FT%T)T.%03dZ' "$(($1 / 1000))" "$(($1 % 1000))"
    awk -v from="$from" '$1 >= from && $4 ~ /^(probe|verdict|apply|move|act-may|act):$/' \
        "${logs[@]}" | sort -s -k1,1 | jq -Rsc --argjson t0 "$1" '
        def at: (.[0:19] + "Z" | fromdateiso8601) * 1000 + (.[20:23] | tonumber) - $t0;
        [split("\n")[] | select(. != "")] as $lines
        | def first_at(f): [$lines[] | select(test(f)) | at] | min;
        {seen: first_at(" probe: voice@voice-"), believed: first_at(" verdict: voice@voice-.* is down"),
         fact: first_at(" apply: .*: verdict$"), decided: first_at(" move: route calls"),
         committed: first_at(" apply: .*: intent$"), may: first_at(" act-may: calls/"),
         done: first_at(" act: calls/.* changed,")}'
}

# Both routes' moves are in the ledger to the end; the callers may be served before.
both_verified() {
    [[ $(ledger_from "$1" | jq -r 'select(.type == "verified" and .to == "osaka") | .route' |
        sort -u | wc -l) == 2 ]]
}

one_run() {
    local fault=$1 run=$2 from t0 marked pause
    from=$(ledger_size)
    leader=$(ask_leader)
    printf -v pause '0.%03d' "$((RANDOM % 1000))"
    sleep "$pause"
    caller_mark "$fault-$run"
    marked=$(caller_ctl http mark "$fault-$run" >/dev/null && now_ms)
    t0=$(now_ms)
    strike "$fault"
    # A signal is there at once, a rule when the program that adds it has begun.
    [[ $fault != silence && $fault != cut ]] || t0=$(now_ms)
    callers_served mirror- 30000 || return 1
    wait_until 5000 50 both_verified "$from" || return 1
    jq -cn --arg fault "$fault" --arg profile "$LAB_PROFILE" --argjson run "$run" \
        --argjson early "$((t0 - marked))" --argjson report "$(caller_ctl http report)" \
        --argjson dns "$(caller_outage dns)" --argjson parts "$(breakdown "$t0")" \
        --arg load "$(cut -d ' ' -f 1 /proc/loadavg)" '
        {fault: $fault, profile: $profile, run: $run, load: ($load | tonumber),
         http_ms: $report.outage_ms, dns_ms: $dns} + $parts
        + {served: (($report.recovered_after_ms // null) | if . == null then null else . - $early end)}'
    lab_reset
}

summary() {
    jq -cs --argjson steps "$steps" '
        def median(f): map(f) | map(select(. != null)) | sort | .[length / 2 | floor];
        def figures(f): {min: (map(f) | min), median: median(f), max: (map(f) | max)};
        . as $all | {summary: first.fault, profile: first.profile, runs: length,
         load: median(.load), http_ms: figures(.http_ms), dns_ms: figures(.dns_ms),
         medians: ([$steps[] as $step | {($step): ($all | median(.[$step]))}] | add)}' "$1"
}

# From the summaries.
table() {
    jq -r --argjson steps "$steps" '
        def cell: if . == null then "-" else tostring end;
        (["fault", "profile", "http ms", "dns ms", "load"] + $steps | @tsv),
        (.[] | [.summary, .profile] +
            [.http_ms, .dns_ms | "\(.min)/\(.median)/\(.max)"] + [.load] +
            [.medians[$steps[]] | cell] | @tsv)' -s "$1" | column -t -s $'\t'
}

main() {
    local fault run layout now='' results profile
    parse "$@"
    summaries=$(mktemp)
    bench_traps "$summaries"
    for profile in "${profiles[@]}"; do
        for fault in "${faults[@]}"; do
            layout=pair-1
            [[ $fault != cut ]] || layout=site
            if [[ $now != "$layout $profile" ]]; then
                bench_lab "LAYOUT=$layout" "PROFILE=$profile" LOG=debug
                now="$layout $profile"
            fi
            results=$LAB_DIR/results
            : >"$results"
            for ((run = 1; run <= runs; run++)); do
                one_run "$fault" "$run" | tee -a "$results"
            done
            summary "$results" | tee -a "$summaries"
        done
    done
    table "$summaries"
}

main "$@"
