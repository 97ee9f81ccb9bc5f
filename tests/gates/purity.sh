#!/bin/bash
# Gate: the pure folders (core, wire, report) use nothing but computation, node/ nothing but
# them and Raft, and none keeps state in module globals. Judged by what the compiled objects really refer to.
#
#   purity.sh ALLOWED LIBRARY...   0 clean, 1 with a line per symbol that is not allowed
set -euo pipefail

allowed_file=${1:?usage: purity.sh ALLOWED LIBRARY...}
shift
[[ $# -gt 0 ]] || { echo "purity.sh: no libraries"; exit 1; }

# Names, and prefixes that end with *.
declare -A allowed=()
prefixes=()
while read -r name _; do
    case $name in
    '' | \#*) ;;
    *\*) prefixes+=("${name%\*}") ;;
    *) allowed[$name]=1 ;;
    esac
done <"$allowed_file"

may() {
    local prefix
    [[ -n ${allowed[$1]:-} || -n ${defined[$1]:-} ]] && return 0
    for prefix in "${prefixes[@]}"; do
        [[ $1 == "$prefix"* ]] && return 0
    done
    return 1
}

# What the libraries themselves define may be used by each other.
declare -A defined=()
while read -r name; do
    defined[$name]=1
done < <(nm --defined-only -g "$@" | awk 'NF == 3 { print $3 }')

bad=0
seen=0
while read -r object name; do
    [[ -n $name ]] || continue
    seen=$((seen + 1))
    may "$name" && continue
    printf '%s uses %s, which is not on the list of pure functions\n' "${object##*/}" "$name"
    bad=1
done < <(nm -A -u "$@" | awk '$2 == "U" { sub(/:$/, "", $1); print $1, $3 }')

# Tables of constants stand in .rodata, or in .data.rel.ro when they hold pointers.
while read -r object name; do
    printf '%s keeps state in the module global %s\n' "${object##*/}" "$name"
    bad=1
done < <(objdump -t "$@" | awk '
    / file format / { object = $1; sub(/:$/, "", object) }
    $4 ~ /^\.(data|bss|tdata|tbss)/ && $4 !~ /^\.data\.rel\.ro/ && $3 == "O" { print object, $NF }')

if [[ $seen -eq 0 ]]; then
    echo "purity.sh: found no symbol at all"
    bad=1
fi
exit "$bad"
