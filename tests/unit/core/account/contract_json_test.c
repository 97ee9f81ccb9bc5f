/* A contract's JSON: every key of it, and nothing that was not said. */
#include "base/buf.h"
#include "base/mem.h"
#include "core/account/contract_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void gives(const struct contract *contract, const char *wanted)
{
    struct buf out = {0};

    contract_json(contract, &out);
    assert_string_equal(buf_cstr(&out), wanted);
    buf_free(&out);
}

static void what_is_not_said_is_not_there(void **state)
{
    struct contract contract;

    (void)state;
    contract_init(&contract);
    strcpy(contract.name, "c");
    gives(&contract,
          "{\"name\":\"c\",\"timezone\":\"Asia/Tokyo\",\"functions\":[],\"services\":[],"
          "\"down_severities\":[\"emergency\"],\"excluded_causes\":[],\"minimum_outage_ms\":0,"
          "\"judged_by\":\"measured\",\"discounts\":[],\"roundings\":{\"yen\":\"down\"}}");
}

static void all_of_it_is(void **state)
{
    struct contract contract;

    (void)state;
    contract_init(&contract);
    strcpy(contract.name, "コールセンター");
    strcpy(contract.timezone, "Europe/Berlin");
    contract.n_functions = 2;
    contract.functions = mem_zalloc(2, sizeof contract.functions[0]);
    strcpy(contract.functions[0].name, "calling");
    strcpy(contract.functions[0].label_ja, "発信");
    strcpy(contract.functions[1].name, "login");
    strcpy(contract.functions[1].label_en, "Log in");
    contract.n_services = 1;
    contract.services = mem_zalloc(1, sizeof contract.services[0]);
    strcpy(contract.services[0].name, "centre");
    function_set_add(&contract.services[0].critical, 1);
    function_set_add(&contract.services[0].critical, 0);
    contract.terms = (struct terms){.target_micro = 99950000,
                                    .minimum_outage_ms = 1500,
                                    .judged_by = JUDGED_LOW,
                                    .n_discounts = 2,
                                    .discounts = {{98000000, 10000000}, {95000001, 2500000}}};
    contract.terms.down_severity[SEVERITY_SEVERE] = true;
    contract.terms.down_severity[SEVERITY_MINOR] = true;
    contract.terms.excluded_cause[CAUSE_ATTACK] = true;
    contract.terms.excluded_cause[CAUSE_FORCE_MAJEURE] = true;
    contract.valid_from = (struct bound){.given = true, .local = true, .ms = 20454ll * 86400000};
    contract.valid_until = (struct bound){.given = true, .ms = 1798761599999};
    contract.monthly_fee_yen = 0;
    contract.yen_rounding = YEN_HALF_UP;
    contract.minimum_observers = 3;
    contract.minimum_sites = 2;
    contract.response_time_ms = 3000;
    contract.notification[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 3600000};
    contract.notification[SEVERITY_MINOR] = (struct target){TARGET_CLOCK, 90000};
    contract.recovery[SEVERITY_SEVERE] = (struct target){TARGET_BUSINESS_HOURS, 3600000};
    contract.recovery[SEVERITY_MINOR] = (struct target){TARGET_BUSINESS_DAYS, 2};
    contract.desk.hours = (struct week_span){.days = 0x3f, .begin_min = 540, .end_min = 1440};
    contract.desk.open_on_holidays = true;
    contract.desk.n_closed = 2;
    contract.desk.closed[0] = (struct closed_days){"お盆", 0, 8, 13, 8, 16};
    contract.desk.closed[1] = (struct closed_days){"年末", 2026, 12, 29, 1, 3};
    gives(&contract,
          "{\"name\":\"コールセンター\",\"timezone\":\"Europe/Berlin\",\"functions\":[{\"name\":"
          "\"calling\",\"label_ja\":\"発信\"},{\"name\":\"login\",\"label_en\":\"Log "
          "in\"}],\"services\":[{\"name\":\"centre\","
          "\"critical\":[\"calling\",\"login\"]}],\"target\":\"99.95\",\"down_severities\":["
          "\"severe\",\"minor\"],\"excluded_causes\":[\"force-majeure\",\"attack\"],"
          "\"minimum_outage_ms\":1500,\"judged_by\":\"low\",\"discounts\":[{\"below\":\"98\","
          "\"percent\":\"10\"},{\"below\":\"95.000001\",\"percent\":\"2.5\"}],\"valid_from\":"
          "\"2026-01-01\",\"valid_until\":\"2026-12-31T23:59:59.999Z\",\"minimum_observers\":3,"
          "\"minimum_sites\":2,\"response_time_target_ms\":3000,\"monthly_fee\":0,"
          "\"roundings\":{\"yen\":\"half-up\"},\"notification_targets\":{\"emergency\":\"1h\","
          "\"minor\":\"90s\"},\"recovery_targets\":{\"severe\":\"1 business hour\",\"minor\":"
          "\"2 business days\"},\"desk_hours\":\"Mon-Sat 09:00-24:00\",\"holidays\":{\"public\":"
          "\"none\",\"closed\":[{\"name\":\"お盆\",\"from\":\"08-13\",\"to\":\"08-16\"},{\"name\":"
          "\"年末\",\"from\":\"2026-12-29\",\"to\":\"01-03\"}]}}");
    contract_free(&contract);
}

static void a_service_of_nothing_is_none(void **state)
{
    struct contract_service service = {.name = "empty"};
    struct contract contract;
    struct buf out = {0};

    (void)state;
    contract_init(&contract);
    contract.services = &service;
    contract.n_services = 1;
    contract_json(&contract, &out);
    assert_non_null(strstr(buf_cstr(&out), "\"services\":[],"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_not_there),
        cmocka_unit_test(all_of_it_is),
        cmocka_unit_test(a_service_of_nothing_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
