#!/bin/bash
# New versions of the cluster file while all run: a route that goes and comes back, a file
# that is empty, one that forgot to count its version up.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

coordinators=("${LAB_SERVERS[@]/#/coordinator.}")
file=$LAB_DIR/cluster.yaml
was=$(<"$file")
version=$(ask_status .config.version)

# roll_out: the file on standard input takes the place of the old one, everywhere.
roll_out() {
    cat >"$file.new"
    mv "$file.new" "$file"
    proc_signal HUP "${coordinators[@]}"
}
numbered() {
    version=$((version + 1))
    sed "s/^version: .*/version: $version/" | roll_out
}
# Each of the twelve by itself.
in_force() {
    local server
    for server in "${LAB_SERVERS[@]}"; do
        [[ $(kirikae status --json --node "$server" |
            jq -r 'select(.node == "'"$server"'") | .config.version') == "$version" ]] || return 1
    done
}
refused() {
    grep -q "reload: the configuration stays as it was: .*$1" "$LAB_DIR/log/coordinator.voice-1.log"
}

numbered < <(awk '/^  - name: softphones/ { skip = 1 } /^functions:/ { skip = 0 } !skip' <<<"$was" |
    sed -e '/route: softphones/d' -e 's/\[calling, softphone\]/[calling]/')
expect_soon 10000 "version $version without softphones is in force" in_force
expect_equal "routes" "$(ask_status '[.routes[].route] | join(" ")')" calls
numbered <<<"$was"
expect_soon 10000 "version $version is in force" in_force
expect_soon 20000 "softphones are served as before" ask_calm

good=$(<"$file")
roll_out <<<"${good/timeout: 1s/timeout: 900ms}"
expect_soon 5000 "the same number with another content is refused" refused 'has its number'
: >"$file"
proc_signal HUP "${coordinators[@]}"
expect_soon 5000 "an empty file is refused" refused 'is empty'
roll_out <<<"$good"
expect "all go on" ask_ready
