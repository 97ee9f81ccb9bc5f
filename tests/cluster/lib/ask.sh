# shellcheck shell=bash
# What the cluster says of itself, by its own command line.

# The operator suzuki (admin), by any node that answers.
kirikae() {
    "$LAB_DIR/kirikae" "$@"
}

# A field of the status, by a jq filter; nothing when nobody answers.
ask_status() {
    kirikae status --json 2>/dev/null | jq -r "$1" 2>/dev/null || true
}

ask_leader() {
    ask_status '.leader // empty'
}

# The candidate that a route is served by.
ask_active() {
    ask_status ".routes[] | select(.route == \"$1\") | .active"
}

# Quorum, committed configuration, everybody heard, routes served.
ask_ready() {
    [[ $(ask_status '.leader != null and .quorum.ok and .config.committed
        and (.silent | length) == 0 and .down.count == 0
        and ([.routes[] | select(.phase != "serving")] | length) == 0') == true ]] &&
        ask_all_heard
}

# Each of the twelve answers for itself and hears a majority.
ask_all_heard() {
    [[ $(kirikae nodes --json 2>/dev/null |
        jq '[.nodes[] | select(.heard)] | length' 2>/dev/null) == 12 ]]
}

# Ready, and in tokyo, and nothing is watched by too few.
ask_calm() {
    ask_ready && [[ $(ask_status '([.routes[] | select(.active != "tokyo")] | length) == 0
        and .holes.count == 0') == true ]]
}

ask_calm_why() {
    ask_status '{leader, quorum, silent, down: .down.checks, holes: .holes.checks, routes}' |
        jq -c .
}

# The ledger's lines from number $1 on, without the head.
ledger_from() {
    kirikae audit export --format jsonl | jq -c --argjson from "$1" 'select(.seq? >= $from)'
}

ledger_size() {
    ask_status '.ledger.size'
}

# ledger_count FROM FILTER: how many lines from FROM on fit the jq filter.
ledger_count() {
    ledger_from "$1" | jq -c "select($2)" | wc -l
}

# Moves (not changes of a pool) from line $1 on.
ledger_moves() {
    ledger_count "$1" '.category == "failover" and .type == "intent" and .kind == "move"'
}
