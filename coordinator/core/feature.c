#include "core/feature.h"
#include "base/check.h"

#include <stddef.h>

const char *feature_what(uint32_t level)
{
    static const char *const what[] = {
        [FEATURE_FIRST] = "what there was before levels",
        [FEATURE_CLOCK] = "steps of clocks in the ledger",
        [FEATURE_REPORT] = "what the month's report needs",
        [FEATURE_NOTICE] = "notices, posts and acknowledgements",
    };

    return level < ARRAY_LEN(what) && what[level] != NULL ? what[level] : "?";
}

uint32_t feature_of(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_CLOCK:
        return FEATURE_CLOCK;
    case ENTRY_INCIDENT:
    case ENTRY_JOURNAL:
        return FEATURE_REPORT;
    case ENTRY_NOTICE:
    case ENTRY_TROUBLE:
    case ENTRY_ACKNOWLEDGED:
    case ENTRY_POST:
        return FEATURE_NOTICE;
    default:
        return FEATURE_FIRST;
    }
}

uint32_t feature_needed(const struct entry *entry)
{
    return entry->kind == ENTRY_FEATURES ? entry->features.level : feature_of(entry->kind);
}

int feature_check(const char *who, uint32_t needed, uint32_t known, struct err *err)
{
    if (needed <= known)
        return 0;
    return err_set(err, ERR_INVALID,
                   "%s is at feature level %u, this program knows up to %u: install the version "
                   "that the other nodes have",
                   who, needed, known);
}
