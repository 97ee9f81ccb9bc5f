/* The whole text of a small report in both languages, and the tables of its CSV. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../core/account/open_zone.h"
#include "base/mem.h"
#include "report/event_list.h"
#include "report/sla.h"

#include <string.h>

static const char *const events[] = {
    "{\"type\":\"outage\",\"id\":\"o1\",\"functions\":[\"calling\"],"
    "\"start\":\"2026-10-10T00:00:00+09:00\",\"end\":\"2026-10-10T04:00:00+09:00\","
    "\"last_good\":\"2026-10-09T23:59:45+09:00\",\"recognised\":\"2026-10-10T00:00:30+09:00\","
    "\"repaired\":\"2026-10-10T05:00:00+09:00\",\"severity\":\"emergency\","
    "\"cause\":\"provider\",\"notified\":[{\"channel\":\"mail\","
    "\"at\":\"2026-10-10T00:20:00+09:00\"},{\"channel\":\"web\","
    "\"at\":\"2026-10-10T02:00:00+09:00\"}]}",
    "{\"type\":\"outage\",\"id\":\"=2\",\"functions\":[\"login\",\"calling\"],"
    "\"start\":\"2026-10-20T00:00:00+09:00\",\"severity\":\"emergency\","
    "\"cause\":\"provider\"}",
    "{\"type\":\"outage\",\"id\":\"o3\",\"functions\":[\"login\"],"
    "\"start\":\"2026-10-05T00:00:00+09:00\",\"end\":\"2026-10-05T00:30:00+09:00\","
    "\"severity\":\"emergency\",\"cause\":\"provider\"}",
    "{\"type\":\"maintenance\",\"id\":\"m1\",\"functions\":[\"login\"],"
    "\"kind\":\"regular\",\"announced\":\"2026-10-19T00:00:00+09:00\","
    "\"start\":\"2026-10-20T00:00:00+09:00\",\"end\":\"2026-10-20T05:00:00+09:00\","
    "\"finished\":\"2026-10-20T01:00:00+09:00\"}",
    "{\"type\":\"amendment\",\"id\":\"a1\",\"of\":\"o1\","
    "\"at\":\"2026-10-15T00:00:00+09:00\",\"set\":{\"cause\":\"attack\"}}"};

struct world {
    struct contract contract;
    struct zone *zone;
    struct event_list *list;
    struct function_names names;
    struct sla *sla;
    struct buf out;
};

static int setup(void **state)
{
    struct world *w = mem_zalloc(1, sizeof *w);
    struct contract *c = &w->contract;
    struct sla_input input;
    struct err err;

    contract_init(c);
    strcpy(c->name, "B");
    c->terms.target_micro = 99900000;
    c->terms.judged_by = JUDGED_LOW;
    c->terms.excluded_cause[CAUSE_ATTACK] = true;
    c->terms.discounts[0] = (struct tier){99900000, 10000000};
    c->terms.n_discounts = 1;
    c->monthly_fee_yen = 98765;
    c->valid_from = (struct bound){.given = true, .ms = utc("2026-04-01T00:00:00+09:00")};
    c->notification[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 3600000};
    c->recovery[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 2 * 3600000};
    c->n_functions = 2;
    c->functions = mem_zalloc(2, sizeof *c->functions);
    strcpy(c->functions[0].name, "calling");
    strcpy(c->functions[0].label_ja, "発信");
    strcpy(c->functions[1].name, "login");
    c->n_services = 1;
    c->services = mem_zalloc(1, sizeof *c->services);
    strcpy(c->services[0].name, "centre");
    c->services[0].critical.bits[0] = 3;
    w->zone = open_zone("Asia/Tokyo");
    w->list = event_list_new(c, "events");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (event_list_line(w->list, events[i], strlen(events[i]), &err) != 0)
            fail_msg("%s", err.text);
    function_names_init(&w->names, c);
    input = (struct sla_input){.contract = c,
                               .zone = w->zone,
                               .year = 2026,
                               .month = 10,
                               .as_of_ms = utc("2026-10-21T00:00:00+09:00"),
                               .names = &w->names,
                               .tzdata = "2025b"};
    assert_int_equal(event_list_end(w->list, &input.history, &err), 0);
    w->sla = sla_new(&input);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    sla_free(w->sla);
    buf_free(&w->out);
    event_list_free(w->list);
    zone_free(w->zone);
    contract_free(&w->contract);
    mem_free(w);
    return 0;
}

static void is(struct world *w, const char *expected)
{
    const char *text = buf_cstr(&w->out);
    size_t i = 0;

    while (expected[i] != '\0' && text[i] == expected[i])
        i++;
    if (text[i] != expected[i])
        fail_msg("from byte %zu on it is\n%s\nnot\n%s", i, text + i, expected + i);
}

static void english(void **state)
{
    struct world *w = *state;

    sla_text(w->sla, SLA_ENGLISH, &w->out);
    is(w,
       "Monthly SLA report 2026-10 edition 1 (provisional)\n"
       "\n"
       "  Contract:                   B\n"
       "  In force:                   2026-04-01 00:00:00.000 +09:00 - \n"
       "  Period:                     2026-10-01 00:00:00.000 +09:00 - 2026-11-01 00:00:00.000 "
       "+09:00 (Asia/Tokyo, tzdata 2025b)\n"
       "  Its length:                 744:00:00.000\n"
       "  As of:                      2026-10-21 00:00:00.000 +09:00\n"
       "  Source:                     a list of events\n"
       "\n"
       "Summary\n"
       "  Target:                     99.9 %\n"
       "  Judged by:                  the lower bound\n"
       "  Service centre              95.0939 % [95.0939, 95.0939]  not met\n"
       "  Function calling            95.0000 % [95.0000, 95.0000]  not met\n"
       "  Function login              95.0939 % [95.0939, 95.0939]  not met\n"
       "\n"
       "Service centre\n"
       "  Availability:               95.0939 % [95.0939, 95.0939]  not met\n"
       "  Planned service time:       479:00:00.000\n"
       "  Regular maintenance:        1:00:00.000\n"
       "  Downtime:                   23:30:00.000 [23:30:00.000, 23:30:00.000]\n"
       "  Excluded (SLA not applied): 4:00:00.000\n"
       "  Impaired:                   0:00:00.000\n"
       "  Unmonitored:                0:00:00.000\n"
       "  Monitored:                  100.0000 %\n"
       "  Failures:                   2\n"
       "  Mean time to repair:        none\n"
       "  Mean time to recognition:   none\n"
       "  Mean time between failures: 227:45:00.000\n"
       "  Discount:                   10 %, 9876 yen\n"
       "\n"
       "Function calling\n"
       "  Availability:               95.0000 % [95.0000, 95.0000]  not met\n"
       "  Planned service time:       480:00:00.000\n"
       "  Regular maintenance:        0:00:00.000\n"
       "  Downtime:                   24:00:00.000 [24:00:00.000, 24:00:00.000]\n"
       "  Excluded (SLA not applied): 4:00:00.000\n"
       "  Impaired:                   0:00:00.000\n"
       "  Unmonitored:                0:00:00.000\n"
       "  Monitored:                  100.0000 %\n"
       "  Failures:                   1\n"
       "  Mean time to repair:        none\n"
       "  Mean time to recognition:   none\n"
       "  Mean time between failures: 456:00:00.000\n"
       "\n"
       "Function login\n"
       "  Availability:               95.0939 % [95.0939, 95.0939]  not met\n"
       "  Planned service time:       479:00:00.000\n"
       "  Regular maintenance:        1:00:00.000\n"
       "  Downtime:                   23:30:00.000 [23:30:00.000, 23:30:00.000]\n"
       "  Excluded (SLA not applied): 0:00:00.000\n"
       "  Impaired:                   0:00:00.000\n"
       "  Unmonitored:                0:00:00.000\n"
       "  Monitored:                  100.0000 %\n"
       "  Failures:                   2\n"
       "  Mean time to repair:        none\n"
       "  Mean time to recognition:   none\n"
       "  Mean time between failures: 227:45:00.000\n"
       "\n"
       "Outages\n"
       "  #o3 login: emergency, provider, as downtime\n"
       "    Start:                    2026-10-05 00:00:00.000 +09:00\n"
       "    Recognised:               not recognised\n"
       "    Notified:                 no notice\n"
       "    Recovery:                 2026-10-05 00:30:00.000 +09:00\n"
       "    Duration:                 0:30:00.000\n"
       "    Repaired:                 not repaired\n"
       "  #o1 calling: emergency, attack, excluded cause\n"
       "    Start:                    2026-10-10 00:00:00.000 +09:00 (last good 2026-10-09 "
       "23:59:45.000 +09:00)\n"
       "    Recognised:               2026-10-10 00:00:30.000 +09:00\n"
       "    Notified:                 mail 2026-10-10 00:20:00.000 +09:00 met, web 2026-10-10 "
       "02:00:00.000 +09:00 not met; due 2026-10-10 01:00:30.000 +09:00\n"
       "    Recovery:                 2026-10-10 04:00:00.000 +09:00; due 2026-10-10 02:00:30.000 "
       "+09:00 not met\n"
       "    Duration:                 4:00:00.000\n"
       "    Repaired:                 2026-10-10 05:00:00.000 +09:00\n"
       "  #=2 calling, login: emergency, provider, as downtime\n"
       "    Start:                    2026-10-20 00:00:00.000 +09:00\n"
       "    Recognised:               not recognised\n"
       "    Notified:                 no notice\n"
       "    Recovery:                 still open\n"
       "    Duration:                 24:00:00.000\n"
       "    Repaired:                 not repaired\n"
       "  Failures not repaired, left out of the mean: #o3, #=2\n"
       "\n"
       "Outages to which the SLA does not apply\n"
       "  #o1 calling: emergency, attack: excluded cause\n"
       "  #=2 calling, login: emergency, provider: in a maintenance window #m1\n"
       "\n"
       "Maintenance\n"
       "  #m1 login: regular\n"
       "    Window:                   2026-10-20 00:00:00.000 +09:00 - 2026-10-20 05:00:00.000 "
       "+09:00, finished 2026-10-20 01:00:00.000 +09:00\n"
       "    Announced:                2026-10-19 00:00:00.000 +09:00 (24:00:00.000), announced "
       "less than 14 days ahead\n"
       "\n"
       "Amendments\n"
       "  #a1 Of outage #o1: provider -> attack\n"
       "    At:                       2026-10-15 00:00:00.000 +09:00\n"
       "\n"
       "Not gathered yet, left out: mean response time, availability by 5-minute slots, backups\n"
       "All times are exact to the millisecond; percentages are cut off after the fourth decimal, "
       "never rounded up.\n"
       "This report is computed from a list of events. There is no ledger behind it with which it "
       "could be verified.\n");
}

static void japanese(void **state)
{
    struct world *w = *state;

    sla_text(w->sla, SLA_JAPANESE, &w->out);
    is(w, "月次SLA報告書 2026-10 第1版 (暫定)\n"
          "\n"
          "  契約:                       B\n"
          "  契約の有効期間:             2026-04-01 00:00:00.000 +09:00 - \n"
          "  対象期間:                   2026-10-01 00:00:00.000 +09:00 - 2026-11-01 00:00:00.000 "
          "+09:00 (Asia/Tokyo, tzdata 2025b)\n"
          "  期間の長さ:                 744:00:00.000\n"
          "  集計時点:                   2026-10-21 00:00:00.000 +09:00\n"
          "  出典:                       事象の一覧\n"
          "\n"
          "概要\n"
          "  目標値:                     99.9 %\n"
          "  判定の基準:                 下限値\n"
          "  サービス centre             95.0939 % [95.0939, 95.0939]  未達\n"
          "  機能 calling                95.0000 % [95.0000, 95.0000]  未達\n"
          "  機能 login                  95.0939 % [95.0939, 95.0939]  未達\n"
          "\n"
          "サービス centre\n"
          "  サービス稼働率:             95.0939 % [95.0939, 95.0939]  未達\n"
          "  計画サービス時間:           479:00:00.000\n"
          "  定期メンテナンス時間:       1:00:00.000\n"
          "  停止時間:                   23:30:00.000 [23:30:00.000, 23:30:00.000]\n"
          "  SLAの適用外:                4:00:00.000\n"
          "  機能低下時間:               0:00:00.000\n"
          "  監視できなかった時間:       0:00:00.000\n"
          "  監視できた割合:             100.0000 %\n"
          "  障害件数:                   2\n"
          "  平均修復時間（MTTR）:       該当なし\n"
          "  平均認知時間（MTTA）:       該当なし\n"
          "  平均故障間隔（MTBF）:       227:45:00.000\n"
          "  割引:                       10 %, 9876 円\n"
          "\n"
          "機能 calling（発信）\n"
          "  サービス稼働率:             95.0000 % [95.0000, 95.0000]  未達\n"
          "  計画サービス時間:           480:00:00.000\n"
          "  定期メンテナンス時間:       0:00:00.000\n"
          "  停止時間:                   24:00:00.000 [24:00:00.000, 24:00:00.000]\n"
          "  SLAの適用外:                4:00:00.000\n"
          "  機能低下時間:               0:00:00.000\n"
          "  監視できなかった時間:       0:00:00.000\n"
          "  監視できた割合:             100.0000 %\n"
          "  障害件数:                   1\n"
          "  平均修復時間（MTTR）:       該当なし\n"
          "  平均認知時間（MTTA）:       該当なし\n"
          "  平均故障間隔（MTBF）:       456:00:00.000\n"
          "\n"
          "機能 login\n"
          "  サービス稼働率:             95.0939 % [95.0939, 95.0939]  未達\n"
          "  計画サービス時間:           479:00:00.000\n"
          "  定期メンテナンス時間:       1:00:00.000\n"
          "  停止時間:                   23:30:00.000 [23:30:00.000, 23:30:00.000]\n"
          "  SLAの適用外:                0:00:00.000\n"
          "  機能低下時間:               0:00:00.000\n"
          "  監視できなかった時間:       0:00:00.000\n"
          "  監視できた割合:             100.0000 %\n"
          "  障害件数:                   2\n"
          "  平均修復時間（MTTR）:       該当なし\n"
          "  平均認知時間（MTTA）:       該当なし\n"
          "  平均故障間隔（MTBF）:       227:45:00.000\n"
          "\n"
          "障害\n"
          "  #o3 login: 緊急, 当社, 停止時間に算入\n"
          "    開始:                     2026-10-05 00:00:00.000 +09:00\n"
          "    認知:                     未認知\n"
          "    通知:                     未通知\n"
          "    復旧:                     2026-10-05 00:30:00.000 +09:00\n"
          "    継続時間:                 0:30:00.000\n"
          "    修復完了:                 未修復\n"
          "  #o1 calling: 緊急, 第三者の攻撃, 適用外の原因\n"
          "    開始:                     2026-10-10 00:00:00.000 +09:00 (最終正常 2026-10-09 "
          "23:59:45.000 +09:00)\n"
          "    認知:                     2026-10-10 00:00:30.000 +09:00\n"
          "    通知:                     mail 2026-10-10 00:20:00.000 +09:00 達成, web 2026-10-10 "
          "02:00:00.000 +09:00 未達; 期限 2026-10-10 01:00:30.000 +09:00\n"
          "    復旧:                     2026-10-10 04:00:00.000 +09:00; 期限 2026-10-10 "
          "02:00:30.000 +09:00 未達\n"
          "    継続時間:                 4:00:00.000\n"
          "    修復完了:                 2026-10-10 05:00:00.000 +09:00\n"
          "  #=2 calling, login: 緊急, 当社, 停止時間に算入\n"
          "    開始:                     2026-10-20 00:00:00.000 +09:00\n"
          "    認知:                     未認知\n"
          "    通知:                     未通知\n"
          "    復旧:                     継続中\n"
          "    継続時間:                 24:00:00.000\n"
          "    修復完了:                 未修復\n"
          "  未修復の障害（平均に含めず）: #o3, #=2\n"
          "\n"
          "SLAの適用外とした障害\n"
          "  #o1 calling: 緊急, 第三者の攻撃: 適用外の原因\n"
          "  #=2 calling, login: 緊急, 当社: メンテナンス時間内 #m1\n"
          "\n"
          "メンテナンス\n"
          "  #m1 login: 定期\n"
          "    実施時間:                 2026-10-20 00:00:00.000 +09:00 - 2026-10-20 05:00:00.000 "
          "+09:00, 終了 2026-10-20 01:00:00.000 +09:00\n"
          "    告知:                     2026-10-19 00:00:00.000 +09:00 (24:00:00.000), "
          "告知が14日前に満たない\n"
          "\n"
          "訂正\n"
          "  #a1 対象の障害 #o1: 当社 -> 第三者の攻撃\n"
          "    日時:                     2026-10-15 00:00:00.000 +09:00\n"
          "\n"
          "未収集のため記載なし: 平均応答時間、5分間隔の稼働率、バックアップ\n"
          "時間はすべてミリ秒単位の正確な値です。百分率は小数第5位以下を切り捨てています。\n"
          "本報告書は事象の一覧から計算されています。検証に用いる台帳はありません。\n");
}

static void tables(void **state)
{
    struct world *w = *state;

    sla_csv(w->sla, &w->out);
    is(w, "\xef\xbb\xbf"
          "\"month\",\"timezone\",\"provisional\",\"kind\",\"name\",\"planned_ms\",\"maintenance_"
          "ms\",\"downtime_ms\",\"excluded_ms\",\"impaired_ms\",\"unmonitored_ms\",\"downtime_low_"
          "ms\",\"downtime_high_ms\",\"availability\",\"low\",\"high\",\"target_met\",\"failures\","
          "\"mttr_ms\",\"mtta_ms\",\"mtbf_ms\",\"monitored\",\"discount_percent\",\"discount_yen\","
          "\"edition\"\r\n"
          "\"2026-10\",\"Asia/"
          "Tokyo\",\"true\",\"function\",\"calling\",\"1728000000\",\"0\",\"86400000\","
          "\"14400000\",\"0\",\"0\",\"86400000\",\"86400000\",\"95.0000\",\"95.0000\",\"95.0000\","
          "\"false\",\"1\",\"\",\"\",\"1641600000\",\"100.0000\",\"\",\"\",\"1\"\r\n"
          "\"2026-10\",\"Asia/"
          "Tokyo\",\"true\",\"function\",\"login\",\"1724400000\",\"3600000\",\"84600000\",\"0\","
          "\"0\",\"0\",\"84600000\",\"84600000\",\"95.0939\",\"95.0939\",\"95.0939\",\"false\","
          "\"2\",\"\",\"\",\"819900000\",\"100.0000\",\"\",\"\",\"1\"\r\n"
          "\"2026-10\",\"Asia/"
          "Tokyo\",\"true\",\"service\",\"centre\",\"1724400000\",\"3600000\",\"84600000\","
          "\"14400000\",\"0\",\"0\",\"84600000\",\"84600000\",\"95.0939\",\"95.0939\",\"95.0939\","
          "\"false\",\"2\",\"\",\"\",\"819900000\",\"100.0000\",\"10\",\"9876\",\"1\"\r\n");
    buf_clear(&w->out);
    sla_csv_outages(w->sla, &w->out);
    is(w, "\xef\xbb\xbf"
          "\"id\",\"functions\",\"severity\",\"cause\",\"start\",\"end\",\"last_good\",\"last_"
          "fail\",\"recognised\",\"repaired\",\"counted\",\"failure\",\"grounds\",\"recover_by\","
          "\"recovery\",\"first_notice\",\"notify_by\",\"notification\"\r\n"
          "\"o3\",\"login\",\"emergency\",\"provider\",\"2026-10-04T15:00:00.000Z\",\"2026-10-"
          "04T15:30:00.000Z\",\"2026-10-04T15:00:00.000Z\",\"2026-10-04T15:30:00.000Z\",\"\",\"\","
          "\"true\",\"true\",\"downtime\",\"\",\"\",\"\",\"\",\"\"\r\n"
          "\"o1\",\"calling\",\"emergency\",\"attack\",\"2026-10-09T15:00:00.000Z\",\"2026-10-"
          "09T19:00:00.000Z\",\"2026-10-09T14:59:45.000Z\",\"2026-10-09T19:00:00.000Z\",\"2026-10-"
          "09T15:00:30.000Z\",\"2026-10-09T20:00:00.000Z\",\"false\",\"false\",\"excluded-cause\","
          "\"2026-10-09T17:00:30.000Z\",\"missed\",\"2026-10-09T15:20:00.000Z\",\"2026-10-09T16:00:"
          "30.000Z\",\"missed\"\r\n"
          "\"'=2\",\"calling; "
          "login\",\"emergency\",\"provider\",\"2026-10-19T15:00:00.000Z\",\"\",\"2026-10-19T15:00:"
          "00.000Z\",\"\",\"\",\"\",\"true\",\"true\",\"downtime\",\"\",\"\",\"\",\"\",\"\"\r\n");
    buf_clear(&w->out);
    sla_csv_windows(w->sla, &w->out);
    is(w, "\xef\xbb\xbf"
          "\"id\",\"kind\",\"functions\",\"announced\",\"start\",\"end\",\"finished\",\"notice_"
          "met\",\"delivered\"\r\n"
          "\"m1\",\"regular\",\"login\",\"2026-10-18T15:00:00.000Z\",\"2026-10-19T15:00:00.000Z\","
          "\"2026-10-19T20:00:00.000Z\",\"2026-10-19T16:00:00.000Z\",\"false\",\"\"\r\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(english), CASE(japanese), CASE(tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
