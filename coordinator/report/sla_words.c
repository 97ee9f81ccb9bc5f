#include "report/sla_words.h"
#include "base/check.h"

/* English, Japanese: by enum sla_language. */
static const char *const words[W_COUNT][2] = {
    [W_TITLE] = {"Monthly SLA report", "月次SLA報告書"},
    [W_PROVISIONAL] = {"provisional", "暫定"},
    [W_CLUSTER] = {"Cluster", "クラスター"},
    [W_CONTRACT] = {"Contract", "契約"},
    [W_CONTRACT_FROM] = {"Contract from", "契約の出所"},
    [W_EDITION] = {"edition ", "第"},
    [W_EDITION_END] = {"", "版"},
    [W_PERIOD] = {"Period", "対象期間"},
    [W_AS_OF] = {"As of", "集計時点"},
    [W_LEDGER] = {"Ledger", "台帳"},
    [W_FUNCTION] = {"Function", "機能"},
    [W_SERVICE] = {"Service", "サービス"},
    [W_AVAILABILITY] = {"Availability", "サービス稼働率"},
    [W_TARGET] = {"Target", "目標値"},
    [W_MET] = {"met", "達成"},
    [W_NOT_MET] = {"not met", "未達"},
    [W_PLANNED] = {"Planned service time", "計画サービス時間"},
    [W_MAINTENANCE] = {"Regular maintenance", "定期メンテナンス時間"},
    [W_DOWNTIME] = {"Downtime", "停止時間"},
    [W_EXCLUDED] = {"Excluded (SLA not applied)", "SLAの適用外"},
    [W_IMPAIRED] = {"Impaired", "機能低下時間"},
    [W_UNMONITORED] = {"Unmonitored", "監視できなかった時間"},
    [W_FAILURES] = {"Failures", "障害件数"},
    [W_MTTR] = {"Mean time to repair", "平均修復時間（MTTR）"},
    [W_NOT_APPLICABLE] = {"not applicable", "対象外"},
    [W_NONE] = {"none", "該当なし"},
    [W_OUTAGES] = {"Outages", "障害"},
    [W_OPEN] = {"still open", "継続中"},
    [W_NOT_COUNTED] = {"not counted", "停止時間に数えない"},
    [W_WINDOWS] = {"Maintenance", "メンテナンス"},
    [W_REGULAR] = {"regular", "定期"},
    [W_EMERGENCY] = {"emergency", "緊急"},
    [W_ANNOUNCED] = {"announced", "告知"},
    [W_FINISHED] = {"finished", "終了"},
    [W_NOTICE_MISSED] = {"announced less than 14 days ahead", "告知が14日前に満たない"},
    [W_NOT_IN_CONTRACT] = {"In the ledger but not in the contract", "台帳にあり契約にない機能"},
    [W_MISSING] = {"Not gathered yet, left out", "未収集のため記載なし"},
};

static const char *const severities[SEVERITY_COUNT][2] = {
    [SEVERITY_EMERGENCY] = {"emergency", "緊急"},
    [SEVERITY_SEVERE] = {"severe", "重度"},
    [SEVERITY_MINOR] = {"minor", "軽度"},
};

static const char *const causes[CAUSE_COUNT][2] = {
    [CAUSE_PROVIDER] = {"provider", "当社"},
    [CAUSE_FORCE_MAJEURE] = {"force majeure", "不可抗力"},
    [CAUSE_THIRD_PARTY_SOFTWARE] = {"third-party software", "第三者のソフトウェア"},
    [CAUSE_THIRD_PARTY_SERVICE] = {"third-party service", "第三者のサービス・回線"},
    [CAUSE_CUSTOMER] = {"customer", "お客様の故意・過失"},
    [CAUSE_CUSTOMER_ENVIRONMENT] = {"customer's environment", "お客様の環境"},
    [CAUSE_ATTACK] = {"attack", "第三者の攻撃"},
    [CAUSE_RATE_LIMIT] = {"rate limit", "利用制限"},
    [CAUSE_CONTRACT] = {"named in the contract", "契約に定める事由"},
};

const char *sla_word(enum sla_word word, enum sla_language language)
{
    CHECK(word < W_COUNT);
    return words[word][language];
}

const char *sla_severity_word(enum severity severity, enum sla_language language)
{
    CHECK(severity < SEVERITY_COUNT);
    return severities[severity][language];
}

const char *sla_cause_word(enum cause cause, enum sla_language language)
{
    CHECK(cause < CAUSE_COUNT);
    return causes[cause][language];
}
