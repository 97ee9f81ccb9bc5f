# shellcheck shell=bash
# A page of metrics, and what others make of it. To be sourced.

# The page as it was before OpenMetrics, which is what "promtool check metrics" reads.
classic() { # PAGE
    awk '
        /^# EOF/ || /^# UNIT/ { next }
        /^# TYPE/ {
            suffix = $4 == "counter" ? "_total" : $4 == "info" ? "_info" : ""
            $3 = $3 suffix
            if ($4 == "info") $4 = "gauge"
            print
            next
        }
        /^# HELP/ { $3 = $3 suffix }
        { print }' "$1"
}

# The names that samples of its families have, those without a sample now included.
names() { # PAGE
    awk '
        $1 != "#" || $2 != "TYPE" { next }
        $4 == "gauge" { print $3 }
        $4 == "counter" { print $3 "_total" }
        $4 == "info" { print $3 "_info" }
        $4 == "histogram" { print $3 "_bucket"; print $3 "_count"; print $3 "_sum" }' "$1"
}

# What is named in a file of rules or a dashboard.
named() { # FILE
    grep -ohE '\bkirikae_[a-z0-9_]+\b' "$1" | sort -u
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}
