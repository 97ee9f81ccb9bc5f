#!/bin/bash
# Gate: a folder of coordinator/ includes only folders of lower layers, and folders of one
# layer do not know each other. The table is the one of coordinator/README.md.
#
#   layers.sh TREE     0 clean, 1 with a line per include that breaks the rule
set -euo pipefail

tree=${1:?usage: layers.sh TREE}

declare -A layer=(
    [base]=0 [core]=1 [wire]=2 [report]=2 [link]=2 [store]=2 [transfer]=2
    [replicate]=3 [observe]=3 [act]=3 [serve]=3 [client]=3 [web]=3
    [node]=4 [daemon]=5 [simulate]=5 [helper]=5 [agent]=5 [cli]=6
)
bad=0
seen=0
while IFS=: read -r file line include; do
    from=${file#"$tree"/coordinator/}
    from=${from%%/*}
    to=${include#*\"}
    to=${to%\"*}
    to=${to%%/*}
    seen=$((seen + 1))
    if [[ -z ${layer[$from]:-} ]]; then
        printf '%s:%s: folder %s has no layer\n' "$file" "$line" "$from"
        bad=1
    elif [[ -n ${layer[$to]:-} && $from != "$to" && ${layer[$to]} -ge ${layer[$from]} ]]; then
        printf '%s:%s: %s (layer %s) must not include %s (layer %s)\n' \
            "$file" "$line" "$from" "${layer[$from]}" "$to" "${layer[$to]}"
        bad=1
    elif [[ $to == *.pb-c.h && $from != wire ]]; then
        printf '%s:%s: only wire uses the generated protobuf code\n' "$file" "$line"
        bad=1
    fi
done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' --include='*.[ch]' \
    "$tree/coordinator" | sed -E 's/^([^:]+:[0-9]+):.*include[[:space:]]*/\1:/')
if [[ $seen -eq 0 ]]; then
    echo "layers.sh: found no include at all in $tree"
    exit 1
fi
exit "$bad"
