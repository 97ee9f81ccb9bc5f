# shellcheck shell=bash
# Faults, each written KIND:WHERE.
#
#   kill:NODE|SITE             endpoint and coordinator get SIGKILL
#   hang:NODE|SITE             both get SIGSTOP
#   silence:NODE               every packet of the server is dropped
#   cut:SITE                   every packet that would leave or enter the site
#   kill-service:NODE          the endpoint only
#   kill-coordinator:NODE      the coordinator only
#   loss:PERCENT               of the packets between servers

fault_usage='kill:NODE|SITE hang:NODE|SITE silence:NODE cut:SITE kill-service:NODE kill-coordinator:NODE loss:PERCENT'

# The servers that a fault hits, one a line.
fault_nodes() {
    local where=${1#*:} server
    for server in "${LAB_SERVERS[@]}"; do
        if [[ $server == "$where" || $(lab_site "$server") == "$where" ]]; then
            printf '%s\n' "$server"
        fi
    done
}

# Is it one, and possible here? Says why not.
fault_check() {
    local kind=${1%%:*} where=${1#*:}
    case $kind in
    kill | hang) [[ -n $(fault_nodes "$1") ]] ;;
    kill-service | kill-coordinator | silence) lab_is_server "$where" ;;
    cut) lab_is_site "$where" ;;
    loss) [[ $where =~ ^[0-9]{1,2}$ ]] ;;
    *) false ;;
    esac || {
        printf 'no such fault: %s (there are: %s)\n' "$1" "$fault_usage" >&2
        return 1
    }
    case $LAB_MODE:$kind in
    loopback:silence | loopback:cut | loopback:loss)
        printf '%s needs network namespaces; on loopback there are kill and hang\n' "$1" >&2
        return 1
        ;;
    esac
}

fault_apply() {
    local kind=${1%%:*} where=${1#*:} nodes=()
    mapfile -t nodes < <(fault_nodes "$1")
    case $kind in
    kill) proc_signal KILL "${nodes[@]/#/endpoint.}" "${nodes[@]/#/coordinator.}" ;;
    hang) proc_signal STOP "${nodes[@]/#/endpoint.}" "${nodes[@]/#/coordinator.}" ;;
    silence) net_cut "$where" ;;
    cut) net_cut "up-$where" ;;
    kill-service) proc_signal KILL "endpoint.$where" ;;
    kill-coordinator) proc_signal KILL "coordinator.$where" ;;
    loss) net_loss "$where" ;;
    esac
}

# Everything runs and every cable is whole again.
fault_heal() {
    local server
    [[ $LAB_MODE == loopback ]] || net_heal
    rm -f "$LAB_DIR"/said.*
    for server in "${LAB_SERVERS[@]}"; do
        proc_signal CONT "endpoint.$server" "coordinator.$server" "helper.$server"
        ! lab_has_helper "$server" || proc_alive "helper.$server" || helper_start "$server"
        ! lab_has_endpoint "$server" || proc_alive "endpoint.$server" || endpoint_start "$server"
        proc_alive "coordinator.$server" || coordinator_start "$server"
    done
}
