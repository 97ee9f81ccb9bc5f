#!/bin/bash
# A failover explains itself: who saw it, the row that decided, the time between; every
# decision of the export can be made again, and what keeps a calm route where it is.
# lab: LAB_LAYOUT=pair-1 LAB_PROFILE=fast
set -euo pipefail
# shellcheck source=tests/cluster/lib/story.sh
. "$(dirname "$0")/lib/story.sh"

work=$(mktemp -d "$LAB_DIR/explain.XXXXXX")
says() { # TEXT: the last command said so
    [[ $story_output == *"$1"* ]] || story_fail "\"$1\" in: $story_output"
}
explained() { # FILTER: of the JSON of the last command
    jq -e "$1" <<<"$story_output" >/dev/null || story_fail "$1 of: $story_output"
}
calm() {
    [[ $(kirikae explain --why-not calls --json | jq .rule) == 62 ]]
}

# The commands of a section of the README, as they stand there.
readme() { # SECTION
    awk -v section="## $1" '/^## / { here = $0 == section } here && /^    kirikae / {
        sub(/^ +/, ""); sub(/ +#.*/, ""); print }' "$LAB_TOP/README.md"
}

# ---- a route at rest ----
expect_exit 0 "the table" kirikae rules
says 'all is well'
expect_soon 10000 "row 62 matches: all is well" calm
expect_exit 0 "how it stands, by way of a follower" kirikae explain --why-not calls --node mirror-1
says 'calls is served by tokyo'
says 'rule 62 matches: none'
says 'all is well'
says '20 move      it lacks active-failed'
KIRIKAE_CONFIG=$LAB_DIR/viewer.yaml expect_exit 0 "a viewer may ask" \
    kirikae explain --why-not calls
expect_exit 2 "no such route" kirikae explain --why-not nothing

from=$(ledger_size)
expect_exit 1 "a dry run says what it would refuse" \
    kirikae failover calls --to osaka --reason drill --dry-run
says 'rule 18 matches: refuse'
expect_exit 0 "and what it would do" kirikae switchover calls --to osaka --reason drill --dry-run
says 'target-ready      the candidate asked for holds its least'
expect_moves "$from" 0

# ---- a failover ----
story_move kill:voice-1 mirror-1
story_proved "$from"
expect_exit 0 "the last move" kirikae explain --last
says 'went from tokyo to osaka'
says 'automatic'
says 'first failing observation of '
says ' assigned observers agree, '
says 'refused'
says 'active-failed     for longer than patience'
says 'verified: every actuator reads back'
says 'held until then by tokyo'
expect_exit 0 "the same of one route, as JSON" kirikae explain calls --json
explained '.move.to == "osaka" and .rule.action == "move" and (.facts | length) > 1'
explained '[.verdicts[].ballots[] | select(.opinion == "down") | .site] | unique | length >= 2'
explained '[.timeline[].ms] | . == sort and .[-1] > 0'
outage=$(jq -r '.outages[0].outage' <<<"$story_output")
expect_exit 0 "the incident" kirikae explain "$outage"
says "outage $outage of "
expect_exit 0 "not back by itself" kirikae explain --why-not calls
says 'calls is served by osaka'

# ---- made again ----
expect_exit 0 "export" kirikae audit export --format jsonl -o "$work/good"
expect_exit 0 "every decision comes out the same" kirikae replay "$work/good"
says ' 0 differ, 0 left out'
expect_exit 0 "as JSON" kirikae replay "$work/good" --json
explained '.differ == 0 and ([.decisions[] | select(.decision == "failover intent")] | length) >= 2'
expect_exit 0 "the move, from the export" kirikae explain calls --from "$work/good"
says 'went from tokyo to osaka'
sed 's/"opinion":"down"/"opinion":"up"/' "$work/good" >"$work/bad"
expect_exit 1 "ballots that were changed" kirikae replay "$work/bad"
says 'altered'

# ---- what the README says ----
fault_heal
expect_soon 30000 "all is mended" ask_ready
expect_exit 0 "back to tokyo" kirikae switchover calls --to tokyo --reason 'as it was'
cd "$work"
commands=0
while read -r command; do
    commands=$((commands + 1))
    expect_exit 0 "README: $command" eval "$command"
done < <(readme 'How it decides')
expect "the README has commands" [ "$commands" -ge 6 ]
