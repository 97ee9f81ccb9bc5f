# shellcheck shell=bash
# kirikae itself, by the same means: HAProxy's map is moved, by the twelve coordinators.
# Settings: normal, fast.

peer_up() {
    bench_wish PROFILE "$1"
    traffic_up
    endpoints_up
    lab_up_cluster
    wait_until 30000 100 ask_calm
    peer_caller "$(lab_address lb-1):8080"
}

peer_active() {
    map_active
}

peer_calm() {
    ask_calm
}

# Back to the primary: a move back is an operator's.
peer_mend() {
    local route
    fault_heal
    wait_until 30000 100 ask_ready
    for route in calls softphones; do
        [[ $(ask_active "$route") == tokyo ]] || wait_until 30000 200 lab_switch_back "$route"
    done
}

peer_decisions() {
    ledger_moves 0
}

peer_two_active() {
    echo no
}
