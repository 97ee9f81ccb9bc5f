#!/bin/bash
# What a node costs when all is calm: a JSON line a node and one of the whole.
#
#   idle.sh [--profile normal|fast] [--seconds N] [--interval 100ms]
#
# Memory in KiB (from smaps_rollup; "private" is what only this process has), processor in
# percent of a core over N seconds (60).
set -euo pipefail
# shellcheck source=tests/bench/lib.sh
. "$(dirname "$0")/lib.sh"

profile=normal seconds=60 interval=100ms

# Clock ticks that a process has used.
ticks() {
    local stat
    stat=$(<"/proc/$1/stat")
    stat=${stat##*) }
    # shellcheck disable=SC2086 # split into fields
    set -- $stat
    echo "$((${12} + ${13}))"
}

memory() {
    awk '$1 == "Rss:" { rss = $2 } $1 == "Pss:" { pss = $2 }
        $1 == "Private_Clean:" || $1 == "Private_Dirty:" { private += $2 }
        END { printf "{\"rss\":%d,\"pss\":%d,\"private\":%d}", rss, pss, private }' \
        "/proc/$1/smaps_rollup"
}

measure() {
    local server hz leader began took
    local -A before
    hz=$(getconf CLK_TCK)
    leader=$(ask_leader)
    began=$(now_ms)
    for server in "${LAB_SERVERS[@]}"; do
        before[$server]=$(ticks "$(proc_pid "coordinator.$server")")
    done
    sleep "$seconds"
    took=$(($(now_ms) - began))
    for server in "${LAB_SERVERS[@]}"; do
        local pid used
        pid=$(proc_pid "coordinator.$server")
        used=$(($(ticks "$pid") - before[$server]))
        jq -cn --arg node "$server" --arg leader "$leader" --argjson memory "$(memory "$pid")" \
            --argjson used "$used" --argjson hz "$hz" --argjson took "$took" \
            '{node: $node, leads: ($node == $leader)} + $memory +
             {cpu_percent: ($used / $hz / $took * 10000000 | round / 100)}'
    done
}

main() {
    while (($#)); do
        case $1 in
        --profile | --seconds | --interval) printf -v "${1#--}" '%s' "$2" ;;
        *) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;;
        esac
        shift 2
    done
    bench_traps
    bench_lab "PROFILE=$profile" "INTERVAL=$interval"
    measure | tee "$LAB_DIR/results"
    jq -cs --arg profile "$profile" --arg interval "$interval" '
        def median(f): map(f) | sort | .[length / 2 | floor];
        {summary: "idle", profile: $profile, interval: $interval, nodes: length, rss_median: median(.rss),
         rss_max: (map(.rss) | max), pss_median: median(.pss), private_median: median(.private),
         private_max: (map(.private) | max), cpu_median: median(.cpu_percent),
         cpu_leader: (map(select(.leads) | .cpu_percent) | first)}' "$LAB_DIR/results"
}

main "$@"
