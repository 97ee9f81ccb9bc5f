# shellcheck shell=bash disable=SC2016 # jq has a $ of its own
# What a story (a cluster test) is written with. A story runs in a lab that is calm; the
# runner makes it calm again afterwards. To be sourced by stories; LAB_DIR is set.

# shellcheck source=tests/cluster/lib/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
lab_attach "$LAB_DIR"

# A story that ends by a command of its own says which.
set -E
trap 'story_died "$?" "${BASH_SOURCE[0]##*/}:$LINENO" "$BASH_COMMAND"' ERR
story_died() {
    printf '    %s: exit %d of: %s\n' "$2" "$1" "$3" >&2
}

story_fail() {
    printf '    not so: %s\n' "$1" >&2
    exit 1
}

# expect WHAT COMMAND...
expect() {
    local what=$1
    shift
    "$@" || story_fail "$what"
}

# expect_soon MS WHAT COMMAND...
expect_soon() {
    local ms=$1 what=$2
    shift 2
    wait_until "$ms" 100 "$@" || story_fail "$what (within $ms ms)"
}

# expect_exit CODE WHAT COMMAND...: what it printed is in $story_output.
expect_exit() {
    local code=$1 what=$2 got=0
    shift 2
    story_output=$("$@" 2>&1) || got=$?
    [[ $got == "$code" ]] || story_fail "$what: exit $got instead of $code: $story_output"
}

expect_equal() {
    [[ $2 == "$3" ]] || story_fail "$1: '$2' is not '$3'"
}

expect_at_most() {
    [[ $2 =~ ^[0-9]+$ ]] || story_fail "$1: not a number: '$2'"
    (($2 <= $3 * LAB_PATIENCE)) || story_fail "$1: $2 is more than $3"
}

map_is() {
    [[ $(haproxy_map active) == "$1" ]]
}

# ledger_has FROM FILTER: a line that fits the jq filter, from line FROM on.
ledger_has() {
    (($(ledger_count "$1" "$2") > 0))
}

# A fault with both callers watching; which serve from then on: story_move FAULT PREFIX.
# The fault's caller outages must stay under story_bound ms.
story_bound=5000
story_move() {
    caller_mark "$1"
    fault_apply "$1"
    expect "after $1 the callers are served by $2*" callers_served "$2" 15000
    expect_at_most "outage in ms through HAProxy" "$(caller_outage http)" "$story_bound"
    expect_at_most "outage in ms through DNS" "$(caller_outage dns)" "$story_bound"
    printf '    outage: http %s ms, dns %s ms\n' "$(caller_outage http)" "$(caller_outage dns)"
}

# From line $1 on: a verdict with ballots from two sites or more, and for every move an
# intent, an outcome and a verification of its epoch. The callers may be served before the
# last of these lines is written.
proved() {
    ledger_from "$1" | jq -se '
        . as $all
        | ([.[] | select(.category == "verdict" and .type == "down")
                | [.ballots[] | select(.opinion == "down") | .site] | unique | length]
           | max) >= 2
        and ([.[] | select(.type == "intent" and .kind == "move")]
            | length > 0 and all(.[]; . as $i
                | any($all[]; .type == "outcome" and .ok and .route == $i.route
                      and .epoch == $i.epoch)
                and any($all[]; .type == "verified" and .route == $i.route
                        and .epoch == $i.epoch)))' >/dev/null
}

story_proved() {
    expect_soon 5000 "verdict, ballots, intent, outcome and verification are in the ledger" \
        proved "$1"
}

moves_are() {
    [[ $(ledger_moves "$1") == "$2" ]]
}

# expect_moves FROM N: so many moves from line FROM on.
expect_moves() {
    expect_soon 3000 "$2 moves in the ledger" moves_are "$1" "$2"
}
