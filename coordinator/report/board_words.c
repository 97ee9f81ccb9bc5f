#include "report/board_words.h"
#include "base/check.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* English, Japanese: by enum sla_language. */
static const char *const words[B_COUNT][2] = {
    [B_ALL_GOOD] = {"All functions are operational", "すべての機能が正常に稼働しています"},
    [B_SOME_MAINTENANCE] = {"Maintenance is in progress", "メンテナンスを実施しています"},
    [B_SOME_UNMONITORED] = {"Some functions cannot be monitored at the moment",
                            "一部の機能を監視できていません"},
    [B_SOME_IMPAIRED] = {"Some functions are degraded", "一部の機能に障害が発生しています"},
    [B_SOME_DOWN] = {"There is an outage", "障害が発生しています"},
    [B_NOT_CERTAIN] = {"The current state cannot be confirmed", "現在の状態を確認できていません"},
    [B_STALE] = {"What this page says may be out of date.",
                 "このページの内容は最新でない可能性があります。"},
    [B_STALE_SINCE] = {"Monitoring results cannot be confirmed since",
                       "監視結果を確定できていません。最終確認:"},
    [B_AS_OF] = {"As of", "時点:"},
    [B_TIMES_IN] = {"All times are in", "時刻の表示:"},
    [B_OTHER_LANGUAGE] = {"日本語", "English"},
    [B_NOW] = {"Current status", "現在の状況"},
    [B_LEGEND] = {"Legend of the daily bars", "日ごとの棒の凡例"},
    [B_LAST] = {"The last", "直近"},
    [B_DAYS] = {"days", "日間"},
    [B_AVAILABILITY] = {"Availability", "稼働率"},
    [B_DAYS_TABLE] = {"Availability day by day", "日ごとの稼働率"},
    [B_DAY] = {"Day", "日"},
    [B_STATE] = {"State", "状態"},
    [B_DETAIL] = {"Details", "内訳"},
    [B_DAYS_AGO] = {"days ago", "日前"},
    [B_TODAY] = {"today", "今日"},
    [B_DOWN_FOR] = {"outage", "停止"},
    [B_IMPAIRED_FOR] = {"degraded (not counted as downtime)", "影響あり（停止時間に含めない）"},
    [B_UNMONITORED_FOR] = {"not monitored", "監視できなかった時間"},
    [B_MAINTENANCE_FOR] = {"maintenance", "メンテナンス"},
    [B_NOT_APPLICABLE] = {"not applicable", "対象外"},
    [B_OPEN_INCIDENTS] = {"Open incidents", "発生中の障害"},
    [B_NO_OPEN] = {"There is no open incident.", "現在発生中の障害はありません。"},
    [B_PAST_INCIDENTS] = {"Past incidents", "過去の障害"},
    [B_NO_PAST] = {"There was no incident in this time.", "この期間の障害はありません。"},
    [B_ALL_INCIDENTS] = {"All incidents and maintenance of this time",
                         "この期間のすべての障害とメンテナンス"},
    [B_HISTORY] = {"History", "履歴"},
    [B_BACK] = {"Back to the current status", "現在の状況に戻る"},
    [B_INCIDENT] = {"Incident", "障害"},
    [B_SEVERITY] = {"Severity", "重要度"},
    [B_BEGAN] = {"Began", "発生"},
    [B_ENDED] = {"Recovered", "復旧"},
    [B_LASTED] = {"Duration", "継続時間"},
    [B_SO_FAR] = {"so far", "経過"},
    [B_ONGOING] = {"ongoing", "発生中"},
    [B_RECOVERED] = {"recovered", "復旧済み"},
    [B_UPDATES] = {"Updates", "お知らせ"},
    [B_MAINTENANCE] = {"Planned maintenance", "メンテナンスの予定"},
    [B_NO_MAINTENANCE] = {"No maintenance is planned.", "予定されているメンテナンスはありません。"},
    [B_PAST_MAINTENANCE] = {"Past maintenance", "過去のメンテナンス"},
    [B_NO_PAST_MAINTENANCE] = {"There was no maintenance in this time.",
                               "この期間のメンテナンスはありません。"},
    [B_WHEN] = {"Time", "日時"},
    [B_REGULAR] = {"Regular maintenance", "定期メンテナンス"},
    [B_EMERGENCY] = {"Emergency maintenance", "緊急メンテナンス"},
    [B_ANNOUNCED] = {"Announced", "告知"},
    [B_FUNCTIONS] = {"Functions", "対象機能"},
    [B_PHASE_PLANNED] = {"planned", "予定"},
    [B_PHASE_ACTIVE] = {"in progress", "実施中"},
    [B_PHASE_OVER] = {"over", "終了"},
    [B_INVESTIGATING] = {"Investigating", "調査中"},
    [B_IDENTIFIED] = {"Identified", "原因を特定"},
    [B_MONITORING] = {"Monitoring", "経過観察中"},
    [B_RESOLVED] = {"Resolved", "解決"},
    [B_LEFT_OUT] = {"older ones are not shown here", "件の古いものは表示していません"},
    [B_FEED] = {"Feed (Atom)", "フィード（Atom）"},
    [B_NOT_COUNTED] =
        {"Availability is that of the contract: maintenance and time that the "
         "contract does not count are no downtime.",
         "稼働率は契約の定義によります。メンテナンスと契約上の適用外の時間は停止時間に"
         "含めません。"},
};

const char *board_word(enum board_word word, enum sla_language language)
{
    CHECK((unsigned)word < B_COUNT && words[word][language] != NULL);
    return words[word][language];
}

const char *board_state_word(enum board_state state, enum sla_language language)
{
    static const char *const names[BOARD_STATES][2] = {
        [BOARD_UNKNOWN] = {"No data", "記録なし"},
        [BOARD_GOOD] = {"Operational", "正常"},
        [BOARD_MAINTENANCE] = {"Maintenance", "メンテナンス中"},
        [BOARD_UNMONITORED] = {"Not monitored", "監視できていない"},
        [BOARD_IMPAIRED] = {"Degraded", "一部障害"},
        [BOARD_DOWN] = {"Outage", "障害"},
    };

    CHECK((unsigned)state < BOARD_STATES);
    return names[state][language];
}

const char *board_status_word(enum post_status status, enum sla_language language)
{
    static const enum board_word names[] = {[POST_INVESTIGATING] = B_INVESTIGATING,
                                            [POST_IDENTIFIED] = B_IDENTIFIED,
                                            [POST_MONITORING] = B_MONITORING,
                                            [POST_RESOLVED] = B_RESOLVED};

    CHECK((unsigned)status < ARRAY_LEN(names));
    return board_word(names[status], language);
}

const char *board_phase_word(enum board_phase phase, enum sla_language language)
{
    static const enum board_word names[] = {[BOARD_PLANNED] = B_PHASE_PLANNED,
                                            [BOARD_ACTIVE] = B_PHASE_ACTIVE,
                                            [BOARD_OVER] = B_PHASE_OVER};

    CHECK((unsigned)phase < ARRAY_LEN(names));
    return board_word(names[phase], language);
}

const char *board_headline(const struct board_page *page, enum sla_language language)
{
    static const enum board_word of[BOARD_STATES] = {
        [BOARD_UNKNOWN] = B_SOME_UNMONITORED,     [BOARD_GOOD] = B_ALL_GOOD,
        [BOARD_MAINTENANCE] = B_SOME_MAINTENANCE, [BOARD_UNMONITORED] = B_SOME_UNMONITORED,
        [BOARD_IMPAIRED] = B_SOME_IMPAIRED,       [BOARD_DOWN] = B_SOME_DOWN,
    };

    CHECK((unsigned)page->now < BOARD_STATES);
    return board_word(page->source->stale_ms != UTC_NONE ? B_NOT_CERTAIN : of[page->now], language);
}

const char *board_title(const struct board_page *page, enum sla_language language)
{
    return language == SLA_JAPANESE ? page->title_ja : page->title;
}

const char *board_function_label(const struct board_page *page, int function,
                                 enum sla_language language)
{
    const struct contract_function *f = page->functions[function].function;
    const char *label = language == SLA_JAPANESE ? f->label_ja : f->label_en;

    return label[0] != '\0' ? label : f->name;
}

void board_function_labels(const struct board_page *page, const struct function_set *functions,
                           enum sla_language language, struct buf *out)
{
    const char *comma = "";
    int i;

    for (i = 0; i < page->n_functions; i++) {
        if (!function_set_has(functions, i))
            continue;
        buf_str(out, comma);
        buf_str(out, board_function_label(page, i, language));
        comma = language == SLA_JAPANESE ? "、" : ", ";
    }
}

const char *board_post_text(const struct board_post *post, enum sla_language language, bool *other)
{
    const char *own = language == SLA_JAPANESE ? post->ja : post->en;
    const char *else_ = language == SLA_JAPANESE ? post->en : post->ja;

    *other = own == NULL && else_ != NULL;
    return own != NULL ? own : else_ != NULL ? else_ : "";
}

void board_duration(int64_t ms, enum sla_language language, struct buf *out)
{
    static const struct {
        int64_t ms;
        const char *words[2];
    } units[] = {{86400000, {" d", "日"}},
                 {3600000, {" h", "時間"}},
                 {60000, {" min", "分"}},
                 {1000, {" s", "秒"}}};
    size_t i, n = 0;

    for (i = 0; i < ARRAY_LEN(units) && n < 2; i++) {
        int64_t amount = ms / units[i].ms;

        ms %= units[i].ms;
        if (amount == 0 && n > 0)
            break;
        if (amount == 0 && i + 1 < ARRAY_LEN(units))
            continue;
        buf_printf(out, "%s%" PRId64 "%s", n > 0 && language == SLA_ENGLISH ? " " : "", amount,
                   units[i].words[language]);
        n++;
    }
}

void board_offset(const struct board_page *page, int64_t utc_ms, struct buf *out)
{
    int offset_s = zone_offset(page->source->zone, utc_ms), minutes = abs(offset_s) / 60;

    buf_printf(out, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

#define AHEAD_MS (92ll * 86400000)

void board_moment(const struct board_page *page, int64_t utc_ms, struct buf *out)
{
    const struct zone *zone = page->source->zone;
    int64_t as_of_ms = page->source->as_of_ms;
    int now_s = zone_offset(zone, as_of_ms), offset_s = zone_offset(zone, utc_ms), date;
    char text[UTC_TEXT_MAX];

    utc_format(utc_ms + offset_s * 1000ll, text);
    date = (int)strcspn(text, "T");
    buf_printf(out, "%.*s %.8s", date, text, text + date + 1);
    if (offset_s != now_s || zone_offset(zone, as_of_ms - AHEAD_MS) != now_s ||
        zone_offset(zone, as_of_ms + AHEAD_MS) != now_s) {
        buf_str(out, " ");
        board_offset(page, utc_ms, out);
    }
}
