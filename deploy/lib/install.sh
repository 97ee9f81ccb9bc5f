# shellcheck shell=bash
# Installs Debian packages from deploy/packages. To be sourced; needs `set -euo pipefail`.
#
#   install_packages GROUP...
#
# Does nothing, and asks no mirror, when all is there. Nothing that gets installed may
# start a service: a refusing policy-rc.d stands in during the install, and what was
# there before is put back, after a failure too.

INSTALL_RAFT_MINIMUM=0.18
INSTALL_POLICY=/usr/sbin/policy-rc.d
INSTALL_POLICY_BEFORE=/usr/sbin/policy-rc.d.before-kirikae
INSTALL_POLICY_MARK='# Put here by kirikae while it installs packages.'
INSTALL_BACKPORTS=/etc/apt/sources.list.d/kirikae-backports.sources
INSTALL_LOCK=/run/lock/kirikae-install.lock
INSTALL_LIST=$(dirname "${BASH_SOURCE[0]}")/../packages

# The packages of some groups, one a line.
install_list() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' "$INSTALL_LIST"
    done
}

install_version() {
    dpkg-query -W -f='${db:Status-Abbrev} ${Version}\n' "$1" 2>/dev/null |
        awk '$1 == "ii" { print $2; exit }'
}

install_is_there() {
    local version
    version=$(install_version "$1")
    [[ -n $version ]] || return 1
    [[ $1 != libraft-dev ]] ||
        dpkg --compare-versions "$version" ge "$INSTALL_RAFT_MINIMUM"
}

# Of the packages on stdin those that are not installed (or not in the version needed).
install_missing() {
    local package
    while read -r package; do
        install_is_there "$package" || printf '%s\n' "$package"
    done
}

install_apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@"
}

# A run that was killed may have left its policy-rc.d behind: put things right first.
install_policy_restore() {
    if [[ -e $INSTALL_POLICY_BEFORE || -L $INSTALL_POLICY_BEFORE ]]; then
        mv -f -T "$INSTALL_POLICY_BEFORE" "$INSTALL_POLICY"
    elif [[ -f $INSTALL_POLICY ]] && grep -qxF "$INSTALL_POLICY_MARK" "$INSTALL_POLICY"; then
        rm -f "$INSTALL_POLICY"
    fi
}

install_policy_refuse() {
    install_policy_restore
    if [[ -e $INSTALL_POLICY || -L $INSTALL_POLICY ]]; then
        mv -T "$INSTALL_POLICY" "$INSTALL_POLICY_BEFORE"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$INSTALL_POLICY_MARK" >"$INSTALL_POLICY"
    chmod 0755 "$INSTALL_POLICY"
}

install_raft_on_offer() {
    local version
    while read -r version; do
        if dpkg --compare-versions "$version" ge "$INSTALL_RAFT_MINIMUM"; then
            return 0
        fi
    done < <(apt-cache madison libraft-dev | awk -F '|' '{ gsub(/ /, "", $2); print $2 }')
    return 1
}

# shellcheck disable=SC2016 # apt expands $(…) itself
install_has_backports() {
    [[ -n $(apt-get indextargets --format '$(SITE)' 'Codename: bookworm-backports' \
        'Component: main' 2>/dev/null) ]]
}

# The backports of the mirror that bookworm itself comes from.
# shellcheck disable=SC2016 # apt expands $(…) itself
install_add_backports() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' \
        'Component: main' | sed -n 1p)
    cat >"$INSTALL_BACKPORTS" <<SOURCES
# Added by kirikae for libraft-dev, which in bookworm has known safety bugs.
Types: deb
URIs: ${mirror:-http://deb.debian.org/debian/}
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    install_apt_get update
}

# After everything else, so that nothing but libraft comes from backports.
install_raft() {
    install_raft_on_offer || install_has_backports || install_add_backports
    if install_has_backports; then
        install_apt_get install --no-install-recommends -t bookworm-backports libraft-dev
    else
        install_apt_get install --no-install-recommends libraft-dev
    fi
}

install_now() (
    exec 9>"$INSTALL_LOCK"
    flock 9
    trap install_policy_restore EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    install_policy_refuse
    install_apt_get update
    local package raft=false others=()
    for package in "$@"; do
        if [[ $package == libraft-dev ]]; then
            raft=true
        else
            others+=("$package")
        fi
    done
    if ((${#others[@]})); then
        install_apt_get install --no-install-recommends "${others[@]}"
    fi
    if $raft; then
        install_raft
    fi
)

install_packages() {
    local missing=()
    mapfile -t missing < <(install_list "$@" | install_missing)
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        printf 'needs root to install: %s\n' "${missing[*]}" >&2
        return 1
    fi
    install_now "${missing[@]}"
    mapfile -t missing < <(install_list "$@" | install_missing)
    if ((${#missing[@]})); then
        printf 'could not be installed (libraft-dev is needed from version %s on): %s\n' \
            "$INSTALL_RAFT_MINIMUM" "${missing[*]}" >&2
        return 1
    fi
}
