# shellcheck shell=bash
# What the benches share. To be sourced; the lab goes away with the script.
# shellcheck source=tests/cluster/lib/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/lib/lab.sh"

# bench_end [EXIT CODE]
bench_end() {
    local code=${1:-$?}
    trap - EXIT
    if ((code != 0)) && [[ -n ${LAB_DIR:-} ]]; then
        lab_show_logs
        lab_keep_logs bench
    fi
    lab_down
    rm -f "${bench_files[@]}"
    exit "$code"
}

# bench_wish NAME VALUE: LAB_NAME, for the next lab.
bench_wish() {
    printf -v "LAB_$1" '%s' "$2"
}

# bench_lab NAME=VALUE...: a calm lab.
bench_lab() {
    local wish
    lab_down
    for wish in "$@"; do
        bench_wish "${wish%%=*}" "${wish#*=}"
    done
    lab_up
    lab_wait_calm
}

# bench_traps [FILE...]: which go away with the script too.
# shellcheck disable=SC2120 # most have none
bench_traps() {
    bench_files=("$@")
    trap bench_end EXIT
    trap 'exit 130' INT TERM HUP
}
