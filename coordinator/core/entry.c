#include "core/entry.h"
#include "base/check.h"
#include "base/mem.h"

void entry_free(struct entry *entry)
{
    if (entry->kind == ENTRY_JOURNAL) {
        mem_free(entry->journal.spans);
        entry->journal.spans = NULL;
    }
    if (entry->kind == ENTRY_POST) {
        mem_free(entry->post.ja);
        mem_free(entry->post.en);
        entry->post.ja = entry->post.en = NULL;
    }
    if (entry->kind != ENTRY_CONFIG)
        return;
    mem_free(entry->config.yaml);
    model_free(entry->config.model);
    entry->config.yaml = NULL;
    entry->config.yaml_len = 0;
    entry->config.model = NULL;
}

const char *entry_kind_name(enum entry_kind kind)
{
    static const char *const names[] = {
        [ENTRY_LEADER] = "leader",
        [ENTRY_CONFIG] = "config",
        [ENTRY_VERDICT] = "verdict",
        [ENTRY_INTENT] = "intent",
        [ENTRY_ACT] = "act",
        [ENTRY_OUTCOME] = "outcome",
        [ENTRY_VERIFIED] = "verified",
        [ENTRY_REFUSED] = "refused",
        [ENTRY_WINDOW] = "window",
        [ENTRY_COVERAGE] = "coverage",
        [ENTRY_NODE] = "node",
        [ENTRY_SECURITY] = "security",
        [ENTRY_MEMBER] = "member",
        [ENTRY_REASSERTED] = "reasserted",
        [ENTRY_PAUSE] = "pause",
        [ENTRY_DRAIN] = "drain",
        [ENTRY_HANDOVER] = "handover",
        [ENTRY_HOLDING] = "holding",
        [ENTRY_FEATURES] = "features",
        [ENTRY_CLOCK] = "clock",
        [ENTRY_INCIDENT] = "incident",
        [ENTRY_JOURNAL] = "journal",
        [ENTRY_NOTICE] = "notice",
        [ENTRY_TROUBLE] = "trouble",
        [ENTRY_ACKNOWLEDGED] = "acknowledged",
        [ENTRY_POST] = "post",
    };

    if ((unsigned)kind >= ARRAY_LEN(names) || names[kind] == NULL)
        return "?";
    return names[kind];
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_UNKNOWN] = "unknown",
        [VERDICT_UP] = "up",
        [VERDICT_DOWN] = "down",
        [VERDICT_DISPUTED] = "disputed",
    };

    if ((unsigned)verdict >= ARRAY_LEN(names))
        return "?";
    return names[verdict];
}

const char *post_status_name(enum post_status status)
{
    static const char *const names[] = {
        [POST_INVESTIGATING] = "investigating",
        [POST_IDENTIFIED] = "identified",
        [POST_MONITORING] = "monitoring",
        [POST_RESOLVED] = "resolved",
    };

    if ((unsigned)status >= ARRAY_LEN(names))
        return "?";
    return names[status];
}
