#!/bin/bash
# Everything an operator may look at.
# lab: LAB_LAYOUT=site
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

for verb in status nodes routes coverage topology 'maintenance list' 'explain calls'; do
    read -ra words <<<"$verb"
    expect_exit 0 "$verb" kirikae "${words[@]}"
    expect "$verb prints" [ -n "$story_output" ]
    expect_exit 0 "$verb --json" kirikae "${words[@]}" --json
    expect "$verb --json is JSON" jq -e . <<<"$story_output" >/dev/null
done
expect_exit 0 "each node answers" kirikae status --node mirror-4
expect_exit 0 "help" kirikae help
expect_exit 0 "a good configuration" kirikae config check "$LAB_DIR/cluster.yaml"
sed 's/^profile:/profle:/' "$LAB_DIR/cluster.yaml" >"$LAB_DIR/bad.yaml"
expect_exit 1 "an unknown key" kirikae config check "$LAB_DIR/bad.yaml"
expect "with a suggestion" grep -q profile <<<"$story_output"
sed -E 's/(backup-[1-4], site: )ishikari/\1tokyo/' "$LAB_DIR/cluster.yaml" >"$LAB_DIR/bad.yaml"
expect_exit 1 "a layout that cannot fail over" kirikae config check "$LAB_DIR/bad.yaml"
