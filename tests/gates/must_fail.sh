#!/bin/bash
# A gate must reject its sample: must_fail.sh TEXT COMMAND... passes when the command
# fails and says TEXT.
set -uo pipefail

text=$1
shift
if said=$("$@" 2>&1); then
    echo "not rejected: $*"
    exit 1
fi
[[ $said == *"$text"* ]] || { echo "rejected, but not because of '$text': $said"; exit 1; }
