#include "report/notice_words.h"
#include "base/check.h"

#include <string.h>

/* Japanese, English: by enum language. */
static const char *const words[N_WORDS][2] = {
    [N_REPEAT] = {"この通知は再送です。同じ内容の通知が先に届いている場合があります。",
                  "This notice is repeated: the same one may have arrived before."},
    [N_REPEAT_MARK] = {"【再送】", "[repeated] "},
    [N_ESCALATED] = {"未確認のため二次連絡としてお送りします。",
                     "Nobody has acknowledged this yet: you are called next."},
    [N_ESCALATED_MARK] = {"【二次連絡】", "[escalated] "},
    [N_OTHERWISE] = {"先の連絡先が応答しないため、代わりにお送りします。",
                     "The receiver before you stays silent: you are told instead."},
    [N_TEST] = {"これは通知の試験です。対応は不要です。",
                "This is a test. Nothing has to be done."},
    [N_DEAR] = {"お客様各位", "Dear customers,"},
    [N_GREETING] = {"平素は%sをご利用いただき、誠にありがとうございます。",
                    "Thank you for using %s."},
    [N_OUTAGE_NOW] = {"下記のとおり障害が発生しております。現在、復旧に向けて対応しております。",
                      "There is an outage, as described below. We are working on it."},
    [N_OUTAGE_OVER] = {"下記の障害は復旧いたしました。", "The outage described below is over."},
    [N_LASTING_NOW] = {"下記の障害が継続しております。引き続き復旧に向けて対応しております。",
                       "The outage described below goes on. We are working on it."},
    [N_POST_NOW] = {"障害の経過を下記のとおりご報告いたします。",
                    "Here is how things stand with the outage below."},
    [N_WINDOW_NOW] = {"下記のとおりメンテナンスを実施いたします。",
                      "Maintenance is going to take place as described below."},
    [N_WINDOW_EXTENDED] = {"メンテナンスの時間を下記のとおり変更いたします。",
                           "The time of the maintenance is changed as described below."},
    [N_WINDOW_CANCELLED] = {"下記のメンテナンスは中止いたしました。",
                            "The maintenance below will not take place."},
    [N_WINDOW_BEGUN] = {"下記のメンテナンスを開始いたしました。",
                        "The maintenance below has begun."},
    [N_WINDOW_OVERRUN] = {"下記のメンテナンスは終了予定の時刻を過ぎましたが、ご利用いただけない機能"
                          "がございます。復旧に向けて対応しております。",
                          "The maintenance below should be over by now, and some functions are not "
                          "available yet. We are working on it."},
    [N_WINDOW_OVER] = {"下記のメンテナンスは終了いたしました。", "The maintenance below is over."},
    [N_TEST_NOW] = {"これは通知の試験です。ご対応は不要です。",
                    "This is a test. You need not do anything."},
    [N_GENERAL_NOW] = {"当社システムの運用に関するお知らせです。",
                       "This is about how our systems are run."},
    [N_SORRY] = {"ご迷惑をおかけしておりますことを、深くお詫び申し上げます。",
                 "We apologise for the trouble."},
    [N_SORRY_WINDOW] = {"ご不便をおかけいたしますが、ご理解とご協力をお願い申し上げます。",
                        "We apologise for the inconvenience, and thank you for your patience."},
    [N_TWO_WEEKS] = {"本件は、実施の2週間前までにお知らせするものです。",
                     "This is announced at least two weeks ahead."},
    [N_SHORT_NOTICE] = {"お知らせが実施の2週間前を過ぎましたことを、お詫び申し上げます。",
                        "We apologise for announcing this less than two weeks ahead."},
    [N_STATUS_PAGE] = {"最新の状況", "Current status"},
    [N_REGARDS] = {"今後ともよろしくお願い申し上げます。", "Kind regards"},
    [N_CLUSTER] = {"クラスター", "Cluster"},
    [N_NOTICE] = {"通知番号", "Notice"},
    [N_RULE] = {"規則", "Rule"},
    [N_RAISED] = {"発生", "Raised"},
    [N_INCIDENT] = {"障害番号", "Incident"},
    [N_FUNCTION] = {"対象機能", "Function"},
    [N_SEVERITY] = {"重大度", "Severity"},
    [N_CAUSE] = {"原因区分", "Cause"},
    [N_ROUTE] = {"経路", "Route"},
    [N_SERVER] = {"サーバー", "Server"},
    [N_SITE] = {"拠点", "Site"},
    [N_CHECK] = {"監視項目", "Check"},
    [N_TO] = {"切り替え先", "To"},
    [N_WHO] = {"担当者", "Operator"},
    [N_REASON] = {"理由", "Reason"},
    [N_RULE_ROW] = {"判断の規則", "Rule of the decision"},
    [N_LAST_GOOD] = {"最終正常", "Last good"},
    [N_START] = {"開始", "Start"},
    [N_START_CUSTOMERS] = {"発生日時", "Began"},
    [N_RECOGNISED] = {"認知", "Recognised"},
    [N_RECOGNISED_CUSTOMERS] = {"認知日時", "Recognised"},
    [N_END] = {"復旧", "Recovery"},
    [N_END_CUSTOMERS] = {"復旧日時", "Recovered"},
    [N_DURATION] = {"継続時間", "Duration"},
    [N_TOOK] = {"所要時間", "Took"},
    [N_SILENT] = {"無応答の時間", "Silent for"},
    [N_STEPPED] = {"時刻のずれ", "Stepped by"},
    [N_EXPIRES] = {"有効期限", "Expires"},
    [N_SINCE] = {"いつから", "Since"},
    [N_STATE] = {"状況", "State"},
    [N_EVIDENCE] = {"証跡（台帳）", "Evidence (ledger)"},
    [N_KIND] = {"種別", "Kind"},
    [N_REGULAR] = {"定期メンテナンス", "regular maintenance"},
    [N_EMERGENCY] = {"緊急メンテナンス", "emergency maintenance"},
    [N_PERIOD] = {"実施日時", "When"},
    [N_STOPS] = {"停止する機能", "Functions that stop"},
    [N_STOPS_NOTE] = {"上記以外の機能は、通常どおりご利用いただけます。",
                      "All other functions stay available."},
    [N_STILL_DOWN] = {"停止中の機能", "Not available yet"},
    [N_ANNOUNCED] = {"告知", "Announced"},
    [N_FINISHED] = {"終了", "Finished"},
    [N_END_BEFORE] = {"変更前の終了予定", "End until now"},
    [N_END_AFTER] = {"変更後の終了予定", "New end"},
    [N_TIME] = {"時刻", "Time"},
    [N_OPEN] = {"継続中", "goes on"},
    [N_RECOVERED] = {"復旧済み", "recovered"},
    [N_PARTLY] = {"一部復旧", "partly recovered"},
    [N_AND_MORE_FUNCTIONS] = {"ほか%d機能", " and %d more"},
    [N_AND_MORE] = {"ほか%d件", " and %d more"},
    [N_AND_OTHERS] = {"（ほかの事象%d件）", " (other events: %d)"},
    [N_LEFT_OUT] = {"ほか%d件は省略しました。", "%d more are left out."},
    [N_LIST_COMMA] = {"、", ", "},
    [N_LIST_POINT] = {"・", ", "},
    [N_LOOK] = {"詳しく見るには:", "To look further:"},
    [N_ACKNOWLEDGE] = {"確認したことを伝えるには（次の連絡先への連絡が止まります）:",
                       "To acknowledge it, so that nobody further is called:"},
    [N_ZONE] = {"時刻はすべて%s（UTC%s）です。", "All times are %s (UTC%s)."},
    [N_UNREAD] = {"台帳の記録を読めませんでした", "Its ledger line could not be read"},
    [N_QUORUM_ADVICE] = {"この拠点から過半数のノードに届きません。回復するまで自動の切り替えも、"
                         "台帳への記録も行われません。",
                         "No majority of the nodes can be reached from this site. Until it is "
                         "back, nothing is moved and nothing written to the ledger."},
};

static const struct {
    const char *operators[2], *customers[2]; /* NULL: they are not told */
} titles[TITLES] = {
    [TITLE_QUORUM_LOST] = {{"過半数の喪失", "Quorum lost"}, {NULL, NULL}},
    [TITLE_OUTAGE] = {{"障害発生", "Outage"}, {"障害発生のお知らせ", "Service outage"}},
    [TITLE_LASTING] = {{"障害継続中", "Outage goes on"},
                       {"障害継続のお知らせ", "Service outage goes on"}},
    [TITLE_BLOCKED] = {{"切り替え先なし", "Failover blocked"}, {NULL, NULL}},
    [TITLE_HELD] = {{"自動切り替え停止中", "Automatic failover held"}, {NULL, NULL}},
    [TITLE_REFUSED] = {{"切り替え不可", "Failover refused"}, {NULL, NULL}},
    [TITLE_POSTED] = {{"経過報告", "Update"}, {"障害の経過のお知らせ", "Service update"}},
    [TITLE_RECOVERED] = {{"復旧", "Recovered"}, {"復旧のお知らせ", "Service restored"}},
    [TITLE_FAILOVER] = {{"切り替え完了", "Failover done"}, {NULL, NULL}},
    [TITLE_QUORUM_BACK] = {{"過半数の回復", "Quorum back"}, {NULL, NULL}},
    [TITLE_OVERRUN] = {{"メンテナンスの予定時間超過", "Maintenance overruns"},
                       {"メンテナンスの終了が遅れていることのお知らせ", "Maintenance overruns"}},
    [TITLE_NODE_LOST] = {{"ノードの応答なし", "Node lost"}, {NULL, NULL}},
    [TITLE_COVERAGE] = {{"監視範囲の不足", "Coverage hole"}, {NULL, NULL}},
    [TITLE_CERTIFICATE] = {{"証明書の期限", "Certificate ends"}, {NULL, NULL}},
    [TITLE_CLOCK] = {{"時計の異常", "Clock stepped"}, {NULL, NULL}},
    [TITLE_DISPUTED] = {{"判定の不一致", "Disputed"}, {NULL, NULL}},
    [TITLE_EMERGENCY] = {{"緊急メンテナンス", "Emergency maintenance"},
                         {"緊急メンテナンスのお知らせ", "Emergency maintenance"}},
    [TITLE_MAINTENANCE] = {{"メンテナンス予定", "Maintenance announced"},
                           {"メンテナンスのお知らせ", "Maintenance"}},
    [TITLE_EXTENDED] = {{"メンテナンスの時間変更", "Maintenance changed"},
                        {"メンテナンス時間変更のお知らせ", "Maintenance changed"}},
    [TITLE_CANCELLED] = {{"メンテナンス中止", "Maintenance cancelled"},
                         {"メンテナンス中止のお知らせ", "Maintenance cancelled"}},
    [TITLE_BEGUN] = {{"メンテナンス開始", "Maintenance begun"},
                     {"メンテナンス開始のお知らせ", "Maintenance begun"}},
    [TITLE_OVER] = {{"メンテナンス終了", "Maintenance over"},
                    {"メンテナンス終了のお知らせ", "Maintenance over"}},
    [TITLE_NODE_BACK] = {{"ノードの応答再開", "Node back"}, {NULL, NULL}},
    [TITLE_TEST] = {{"通知の試験", "Test"}, {"通知の試験", "Test"}},
    [TITLE_GENERAL] = {{"お知らせ", "Notice"}, {"お知らせ", "Notice"}},
};

static const struct {
    const char *status, *words[2];
} statuses[] = {
    {"investigating", {"調査中", "investigating"}},
    {"identified", {"原因を特定", "identified"}},
    {"monitoring", {"経過観察中", "monitoring"}},
    {"resolved", {"解決済み", "resolved"}},
};

const char *notice_word(enum notice_word word, enum language language)
{
    return words[word][language];
}

const char *notice_title_words(enum notice_title title, bool customers, enum language language)
{
    return customers ? titles[title].customers[language] : titles[title].operators[language];
}

const char *notice_status_words(const char *status, enum language language)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (strcmp(statuses[i].status, status) == 0)
            return statuses[i].words[language];
    return status;
}

static bool any(const uint64_t set[LIMIT_FUNCTIONS / 64])
{
    for (int i = 0; i < LIMIT_FUNCTIONS / 64; i++)
        if (set[i] != 0)
            return true;
    return false;
}

static enum notice_title maintenance(const struct notice_fact *fact)
{
    if (strcmp(fact->type, "extended") == 0)
        return TITLE_EXTENDED;
    if (strcmp(fact->type, "ended") == 0)
        return TITLE_CANCELLED;
    return fact->emergency ? TITLE_EMERGENCY : TITLE_MAINTENANCE;
}

enum notice_title notice_title_of(const struct notice_fact *fact)
{
    static const enum notice_title plain[NOTICE_EVENTS] = {
        [NOTICE_OUTAGE] = TITLE_OUTAGE,
        [NOTICE_LASTING] = TITLE_LASTING,
        [NOTICE_RECOVERED] = TITLE_RECOVERED,
        [NOTICE_DISPUTED] = TITLE_DISPUTED,
        [NOTICE_FAILOVER] = TITLE_FAILOVER,
        [NOTICE_REFUSED] = TITLE_REFUSED,
        [NOTICE_BLOCKED] = TITLE_BLOCKED,
        [NOTICE_COVERAGE] = TITLE_COVERAGE,
        [NOTICE_NODE_LOST] = TITLE_NODE_LOST,
        [NOTICE_NODE_BACK] = TITLE_NODE_BACK,
        [NOTICE_CERTIFICATE] = TITLE_CERTIFICATE,
        [NOTICE_CLOCK] = TITLE_CLOCK,
        [NOTICE_MAINTENANCE] = TITLE_MAINTENANCE,
        [NOTICE_MAINTENANCE_BEGUN] = TITLE_BEGUN,
        [NOTICE_MAINTENANCE_OVER] = TITLE_OVER,
        [NOTICE_QUORUM_LOST] = TITLE_QUORUM_LOST,
        [NOTICE_QUORUM_BACK] = TITLE_QUORUM_BACK,
        [NOTICE_POSTED] = TITLE_POSTED,
        [NOTICE_TEST] = TITLE_TEST,
    };

    if (fact->event == NOTICE_BLOCKED && strcmp(fact->type, "held") == 0)
        return TITLE_HELD;
    if (fact->event == NOTICE_MAINTENANCE)
        return maintenance(fact);
    if (fact->event == NOTICE_MAINTENANCE_OVER && any(fact->down))
        return TITLE_OVERRUN;
    return plain[fact->event];
}

enum notice_word notice_sentence(enum notice_title title, bool over)
{
    switch (title) {
    case TITLE_OUTAGE:
        return over ? N_OUTAGE_OVER : N_OUTAGE_NOW;
    case TITLE_LASTING:
        return over ? N_OUTAGE_OVER : N_LASTING_NOW;
    case TITLE_RECOVERED:
        return N_OUTAGE_OVER;
    case TITLE_POSTED:
        return N_POST_NOW;
    case TITLE_EMERGENCY:
    case TITLE_MAINTENANCE:
        return N_WINDOW_NOW;
    case TITLE_EXTENDED:
        return N_WINDOW_EXTENDED;
    case TITLE_CANCELLED:
        return N_WINDOW_CANCELLED;
    case TITLE_BEGUN:
        return N_WINDOW_BEGUN;
    case TITLE_OVERRUN:
        return N_WINDOW_OVERRUN;
    case TITLE_OVER:
        return N_WINDOW_OVER;
    case TITLE_TEST:
        return N_TEST_NOW;
    default:
        return N_GENERAL_NOW;
    }
}
