#include "core/detect/reason.h"
#include "base/check.h"

static const struct {
    const char *name;
    enum reason_class class;
} reasons[] = {
    [REASON_NONE] = {"none", REASON_ABSTAIN},
    [REASON_OK] = {"ok", REASON_GOOD},
    [REASON_REFUSED] = {"refused", REASON_WRONG},
    [REASON_RESET] = {"reset", REASON_WRONG},
    [REASON_CLOSED] = {"closed", REASON_WRONG},
    [REASON_TIMEOUT] = {"timeout", REASON_SILENT},
    [REASON_UNREACHABLE] = {"unreachable", REASON_SILENT},
    [REASON_TLS] = {"tls", REASON_WRONG},
    [REASON_STATUS] = {"status", REASON_WRONG},
    [REASON_PROTOCOL] = {"protocol", REASON_WRONG},
    [REASON_RESOLVE] = {"resolve", REASON_SILENT},
    [REASON_LOCAL] = {"local", REASON_ABSTAIN},
    [REASON_REPORTED] = {"reported", REASON_WRONG},
    [REASON_EXPIRED] = {"expired", REASON_WRONG},
};

enum reason_class reason_class(enum reason reason)
{
    if ((unsigned)reason >= ARRAY_LEN(reasons))
        return REASON_ABSTAIN;
    return reasons[reason].class;
}

const char *reason_name(enum reason reason)
{
    if ((unsigned)reason >= ARRAY_LEN(reasons))
        return "?";
    return reasons[reason].name;
}
