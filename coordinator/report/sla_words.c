#include "report/sla_words.h"
#include "base/check.h"

#include <string.h>

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
    [W_LAST_GOOD] = {"last good", "最終正常"},
    [W_LAST_FAIL] = {"last failing", "最終異常"},
    [W_NOTIFIED] = {"Notified", "通知"},
    [W_NOT_NOTIFIED] = {"no notice", "未通知"},
    [W_NOT_ARRIVED] = {"nobody has it yet", "未着"},
    [W_DELIVERED] = {"delivered", "通知到達"},
    [W_DELIVERED_TO_NOBODY] = {"delivered to nobody", "通知未着"},
    [W_NOT_RECOGNISED] = {"not recognised", "未認知"},
    [W_NOT_REPAIRED] = {"not repaired", "未修復"},
    [W_DUE] = {"due", "期限"},
    [W_RUNNING] = {"running", "期限前"},
    [W_NEVER_DUE] = {"the desk is hardly ever open", "営業時間がない"},
    [W_UNREPAIRED] = {"Failures not repaired, left out of the mean",
                      "未修復の障害（平均に含めず）"},
    [W_DISAGREEMENTS] =
        {"Failures that too few observers saw are recorded as disagreements; they "
         "are not downtime.",
         "判定に必要な数の監視点で確認されなかった異常は不一致として記録し、停止時間に"
         "含めません。"},
    [W_AFTER_THE_MONTH] = {"after the period", "期間終了後"},
    [W_LENGTH] = {"Its length", "期間の長さ"},
    [W_NOTICE_GIVEN] = {"Announced", "告知"},
    [W_VALIDITY] = {"In force", "契約の有効期間"},
    [W_SOURCE] = {"Source", "出典"},
    [W_PLAIN_LIST] = {"a list of events", "事象の一覧"},
    [W_YEN] = {"yen", "円"},
    [W_WINDOWS] = {"Maintenance", "メンテナンス"},
    [W_REGULAR] = {"regular", "定期"},
    [W_EMERGENCY] = {"emergency", "緊急"},
    [W_ANNOUNCED] = {"announced", "告知"},
    [W_FINISHED] = {"finished", "終了"},
    [W_NOTICE_MISSED] = {"announced less than 14 days ahead", "告知が14日前に満たない"},
    [W_NOT_IN_CONTRACT] = {"In the ledger but not in the contract", "台帳にあり契約にない機能"},
    [W_MISSING] = {"Not gathered yet, left out", "未収集のため記載なし"},
    [W_SUMMARY] = {"Summary", "概要"},
    [W_BUDGET] = {"Downtime allowed", "許容停止時間"},
    [W_EXHAUSTED] = {"The allowed downtime was used up at", "許容停止時間を使い切った時刻"},
    [W_BOUNDS] = {"Bounds", "範囲"},
    [W_JUDGED] = {"Judged by", "判定の基準"},
    [W_JUDGED_MEASURED] = {"the measured value", "測定値"},
    [W_JUDGED_LOW] = {"the lower bound", "下限値"},
    [W_JUDGED_HIGH] = {"the upper bound", "上限値"},
    [W_NO_TARGET] = {"no target", "目標なし"},
    [W_TIMEZONE] = {"Time zone", "タイムゾーン"},
    [W_VERDICT] = {"Result", "判定"},
    [W_MTBF] = {"Mean time between failures", "平均故障間隔（MTBF）"},
    [W_MTTA] = {"Mean time to recognition", "平均認知時間（MTTA）"},
    [W_CALENDAR] = {"Calendar", "カレンダー"},
    [W_CALENDAR_DESC] =
        {"One row a day, one cell an hour; a cell shows the worst that happened in that hour.",
         "1行が1日、1マスが1時間。各マスはその1時間のうち最も重い区分を示します。"},
    [W_BURN] = {"Downtime and allowance", "停止時間の累計と許容停止時間"},
    [W_BURN_DESC] = {"The line is the downtime so far, the band around it its bounds, the dashed "
                     "line what the target allows.",
                     "線は停止時間の累計、帯はその範囲、破線は目標値が許す停止時間です。"},
    [W_CLASS_PLANNED] = {"in service", "提供中"},
    [W_CLASS_DOWN] = {"down", "停止"},
    [W_CLASS_EXCLUDED] = {"excluded", "適用外"},
    [W_CLASS_IMPAIRED] = {"impaired", "機能低下"},
    [W_CLASS_UNMONITORED] = {"unmonitored", "監視なし"},
    [W_CLASS_MAINTENANCE] = {"regular maintenance", "定期メンテナンス"},
    [W_CLASS_OUTSIDE] = {"outside of the period or not known yet", "対象期間外・未確定"},
    [W_LETTER_DOWN] = {"D", "停"},
    [W_LETTER_EXCLUDED] = {"X", "外"},
    [W_LETTER_IMPAIRED] = {"I", "低"},
    [W_LETTER_UNMONITORED] = {"U", "未"},
    [W_LETTER_MAINTENANCE] = {"M", "定"},
    [W_PLOTS_LEFT_OUT] = {"more are in the tables without plots", "件は図を省略（表には記載）"},
    [W_TIMELINE] = {"Outages on a time line", "障害の時間軸"},
    [W_TIMELINE_DESC] =
        {"Left: where in the month. Right: the outage close up, each on its own scale. The "
         "whiskers reach from the last good observation to the first failing one, and from the "
         "last failing one to the first good one.",
         "左は月内の位置、右は各障害の拡大（縮尺は障害ごと）。ひげは最後の正常観測から最初の異常観"
         "測まで、最後の異常観測から最初の正常観測までを示します。"},
    [W_OUTAGES_LEFT_OUT] = {"shorter outages are not drawn", "件の短い障害は図を省略"},
    [W_ROWS_LEFT_OUT] = {"more rows are in the JSON only", "件は省略（JSON形式に記載）"},
    [W_START] = {"Start", "開始"},
    [W_RECOGNISED] = {"Recognised", "認知"},
    [W_END] = {"Recovery", "復旧"},
    [W_REPAIRED] = {"Repaired", "修復完了"},
    [W_DURATION] = {"Duration", "継続時間"},
    [W_SEVERITY] = {"Severity", "重大度"},
    [W_CAUSE] = {"Cause", "原因"},
    [W_COUNTED] = {"Counted", "集計"},
    [W_COUNTED_DOWN] = {"as downtime", "停止時間に算入"},
    [W_NOT_COUNTED_CAUSE] = {"excluded cause", "適用外の原因"},
    [W_NOT_COUNTED_SEVERITY] = {"impaired time", "機能低下として集計"},
    [W_NOT_COUNTED_SHORT] = {"shorter than the minimum", "最小継続時間未満"},
    [W_NOT_COUNTED_WINDOW] = {"in a maintenance window", "メンテナンス時間内"},
    [W_EVIDENCE] = {"Evidence", "証跡"},
    [W_EVIDENCE_ENTRY] = {"ledger entry", "台帳の記録"},
    [W_FIRST_SAID] = {"first", "当初"},
    [W_UNKNOWN] = {"not known", "不明"},
    [W_KIND] = {"Kind", "種別"},
    [W_NOTICE_AHEAD] = {"14 days ahead?", "14日前までの告知"},
    [W_YES] = {"yes", "はい"},
    [W_NO] = {"no", "いいえ"},
    [W_NOT_NEEDED] = {"not required", "対象外（緊急）"},
    [W_WINDOW] = {"Window", "実施時間"},
    [W_REASON] = {"Reason", "理由"},
    [W_COVERAGE] = {"Monitoring coverage", "監視範囲"},
    [W_COVERAGE_DESC] = {"One cell a day. The higher and darker the bar in it, the more of its "
                         "planned time was unmonitored.",
                         "1マスが1日。棒が高く濃いほど、その日の計画サービス時間のうち監視できなか"
                         "った割合が大きいことを示します。"},
    [W_MONITORED] = {"Monitored", "監視できた割合"},
    [W_COVERAGE_FULL] = {"all of it monitored", "すべて監視"},
    [W_COVERAGE_GAP] = {"not monitored for", "監視できなかった割合"},
    [W_COVERAGE_UNPLANNED] = {"no planned time", "計画サービス時間なし"},
    [W_EXCLUDED_OUTAGES] = {"Outages to which the SLA does not apply", "SLAの適用外とした障害"},
    [W_GROUNDS] = {"Grounds", "根拠"},
    [W_DISCOUNT] = {"Discount", "割引"},
    [W_DISCOUNT_TIERS] = {"Discount by availability", "稼働率に応じた割引率"},
    [W_BELOW] = {"below", "未満"},
    [W_OF_FEE] = {"of the monthly fee", "月額料金に対する割引率"},
    [W_FEE] = {"Monthly fee", "月額料金"},
    [W_NO_DISCOUNT] = {"The contract names no discount.", "契約に割引の定めはありません。"},
    [W_AMENDMENTS] = {"Amendments", "訂正"},
    [W_AMENDMENT_AT] = {"At", "日時"},
    [W_AMENDMENT_OF] = {"Of outage", "対象の障害"},
    [W_AMENDMENT_SET] = {"Changed to", "訂正後"},
    [W_AMENDMENT_WHO] = {"Operator", "担当者"},
    [W_NOTE] = {"note", "注記"},
    [W_VERIFY] = {"How to verify", "検証方法"},
    [W_VERIFY_DESC] = {"This report is computed from the ledger alone. Whoever has an export of it "
                       "can check that it is whole and make the same report again:",
                       "本報告書は台帳のみから計算されています。台帳の書き出しがあれば、欠落や改変"
                       "がないことを確かめ、同じ報告書を再び作成できます。"},
    [W_VERIFY_LIST] = {"This report is computed from a list of events. There is no ledger behind "
                       "it with which it could be verified.",
                       "本報告書は事象の一覧から計算されています。検証に用いる台帳はありません。"},
    [W_LEDGER_SIZE] = {"Entries", "記録数"},
    [W_LEDGER_ROOT] = {"Root hash", "ルートハッシュ"},
    [W_SIGN_APPROVED] = {"Approved", "承認"},
    [W_SIGN_CHECKED] = {"Checked", "確認"},
    [W_SIGN_PREPARED] = {"Prepared", "作成"},
    [W_EXACT] = {"All times are exact to the millisecond; percentages are cut off after the fourth "
                 "decimal, never rounded up.",
                 "時間はすべてミリ秒単位の正確な値です。百分率は小数第5位以下を切り捨てています。"},
    [W_NAME] = {"Name", "名称"},
    [W_AS_ANNOUNCED] = {"as announced", "予定どおり"},
    [W_DISCOUNT_YEN] = {"Amount", "割引額"},
    [W_TARGETS] = {"Notification and recovery targets", "通知・復旧の目標"},
    [W_NOTIFY_BY] = {"To be notified by", "通知期限"},
    [W_NOTICES] = {"First acceptance by channel", "通知（経路ごとの初回受理）"},
    [W_RECOVER_BY] = {"To recover by", "復旧期限"},
    [W_LACKING_YEAR] = {"The table of holidays lacks the year", "祝日表にない年:"},
    [W_SINCE_EDITION] = {"Changes since", "変更点の基準"},
    [W_PLANNED_END] = {"Announced end", "終了予定"},
    [W_RELIABILITY] = {"Failures and repair", "障害件数と復旧"},
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

static const struct {
    const char *item, *words[2];
} missing[] = {
    {"response_time", {"mean response time", "平均応答時間"}},
    {"slots", {"availability by 5-minute slots", "5分間隔の稼働率"}},
    {"backups", {"backups", "バックアップ"}},
    {"notices", {"notices to customers", "お客様への通知"}},
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

const char *sla_missing_word(const char *item, enum sla_language language)
{
    size_t i;

    for (i = 0; i < sizeof missing / sizeof missing[0]; i++)
        if (strcmp(item, missing[i].item) == 0)
            return missing[i].words[language];
    return item;
}
