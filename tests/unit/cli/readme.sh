#!/bin/bash
# The README's commands: those that need no cluster end well, of the others each is known.
# (tests/cluster/41-explain.sh does those that need one.)
#   readme.sh KIRIKAE SOURCE_ROOT
set -euo pipefail
kirikae=$(realpath "$1") top=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp "$top/deploy/examples/call-centre-12.yaml" "$dir/cluster.yaml"
cd "$dir"
kirikae() {
    "$kirikae" "$@"
}

fail() {
    echo "README: $*" >&2
    exit 1
}

known() { # WORD..., up to an option or an operand
    kirikae "$@" --help >help 2>&1 </dev/null
}

# Commands of a section, as they stand there.
commands() { # SECTION
    awk -v section="## $1" '/^## / { here = $0 == section } here && /^    kirikae / {
        sub(/^ +/, ""); sub(/ +#.*/, ""); print }' "$top/README.md"
}

n=0
while read -r command; do
    n=$((n + 1))
    eval "$command" >out 2>&1 </dev/null || fail "$command: $(tail -n 5 out)"
done < <(commands Configure && commands 'Try it first')
((n >= 5)) || fail "only $n commands to try"

# The first cells of the table: `kirikae audit export …`, `audit verify FILE`.
n=0
while read -r main row; do
    while read -r word second _; do
        [[ $word != -* ]] || continue
        n=$((n + 1))
        known "$word" || known "$main" "$word" || fail "no such command: $main $word"
        [[ ! $second =~ ^[a-z]+$ ]] || known "$word" "$second" || fail "no such command: $word $second"
    done < <(grep -o '`[^`]*`' <<<"$row" | tr -d '`' | sed 's/^kirikae //')
done < <(sed -n 's/^| \(`kirikae \([a-z]*\).*\) | .*/\2 \1/p' "$top/README.md")
((n >= 20)) || fail "only $n commands in the table"

# A contract of its own and a list of events: as the example says at its top.
cd "$top"
command=$(sed -n '/^#   kirikae sla compute/,/^#       /s/^# *//p' deploy/examples/contract-video.yaml)
eval "$command" >"$dir/out" || fail "$command"
grep -q '^月次SLA報告書 2026-10 第2版' "$dir/out" || fail "$command: $(head -n 3 "$dir/out")"
