# shellcheck shell=bash
# Processes of the lab by name. $LAB_DIR/run/NAME holds "pid starttime", so that a pid
# that the kernel gave to somebody else meanwhile is never signalled.

# When process $1 was started; 1 when it is gone. A zombie is gone when its last thread is:
# until then its ports are not free.
proc_start_time() {
    local pid=$1 stat threads
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    # comm may hold spaces: what counts begins after the last ')'.
    stat=${stat##*) }
    # shellcheck disable=SC2086 # split into fields
    set -- $stat
    if [[ $1 == Z || $1 == X ]]; then
        threads=("/proc/$pid/task"/[0-9]*)
        ((${#threads[@]} > 1)) || return 1
    fi
    printf '%s\n' "${20}"
}

# proc_pid NAME: its pid while it lives, else nothing and 1.
proc_pid() {
    local pid start
    [[ -f $LAB_DIR/run/$1 ]] || return 1
    read -r pid start <"$LAB_DIR/run/$1"
    [[ $(proc_start_time "$pid" 2>/dev/null) == "$start" ]] || return 1
    printf '%s\n' "$pid"
}

proc_alive() {
    proc_pid "$1" >/dev/null
}

# proc_start NAME HOST COMMAND...: in the background on a host of the lab.
proc_start() {
    local name=$1 host=$2 pid start
    shift 2
    local inside=()
    lab_inside inside "$host"
    ulimit -c 0
    setsid "${inside[@]}" "$@" </dev/null >>"$LAB_DIR/log/$name.log" 2>&1 &
    pid=$!
    disown "$pid" 2>/dev/null || true
    start=$(proc_start_time "$pid") || start=gone
    printf '%s %s\n' "$pid" "$start" >"$LAB_DIR/run/$name"
}

# proc_signal SIGNAL NAME...: to all of them with one call; those that are gone are left out.
proc_signal() {
    local signal=$1 name pid pids=()
    shift
    for name in "$@"; do
        if pid=$(proc_pid "$name"); then
            pids+=("$pid")
        fi
    done
    ((${#pids[@]} == 0)) || kill -s "$signal" "${pids[@]}" 2>/dev/null || true
}

# proc_wait_gone MS NAME...
proc_wait_gone() {
    local ms=$1 name
    shift
    for name in "$@"; do
        wait_until "$ms" 20 proc_gone "$name" || return 1
    done
}

proc_gone() {
    ! proc_alive "$1"
}

proc_kill() {
    proc_signal KILL "$@"
    proc_wait_gone 5000 "$@"
}

# proc_stop NAME...: asks first.
proc_stop() {
    proc_signal CONT "$@"
    proc_signal TERM "$@"
    proc_wait_gone 8000 "$@" || proc_kill "$@"
}

# Names of all that were ever started here.
proc_names() {
    local file
    for file in "$LAB_DIR"/run/*; do
        [[ ! -f $file ]] || printf '%s\n' "${file##*/}"
    done
}

now_ms() {
    local now=$EPOCHREALTIME
    printf '%s\n' "$((${now/[.,]/} / 1000))"
}

# wait_until MS EVERY_MS COMMAND...: until the command says yes; 1 when the time is over.
wait_until() {
    local end=$(($(now_ms) + $1 * LAB_PATIENCE)) every
    printf -v every '%d.%03d' "$(($2 / 1000))" "$(($2 % 1000))"
    shift 2
    until "$@"; do
        (($(now_ms) < end)) || return 1
        sleep "$every"
    done
}
