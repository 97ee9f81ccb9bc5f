#include "wire/contract.h"
#include "base/check.h"
#include "base/mem.h"
#include "wire/config_parts.h"
#include "wire/contract_parts.h"

#include <string.h>

#define DAY_MS 86400000ll
#define FEE_MAX 100000000000ll /* yen a month */

/* What is the same in a contract of its own and in a cluster's, and what is not, as it stands
 * in the file. */
struct draft {
    struct contract contract;
    const struct doc *name, *functions, *services;
    const struct doc *minimum, *minimum_ms; /* two spellings of one term */
};

static int read_timezone(struct reader *r, const struct doc *doc, void *into)
{
    char *zone = into;
    int rc = fields_text(r, doc, "timezone of contract", "/_+-", zone, LIMIT_NAME);

    if (rc == 0 && !zone_name_ok(zone)) /* it becomes the name of a file */
        return fields_expected(r, doc, "timezone of contract", "a name such as Asia/Tokyo");
    return rc;
}

static int read_roundings(struct reader *r, const struct doc *doc, void *into)
{
    static const char *const words[] = {"down", "up", "half-up", NULL};
    static const struct field fields[] = {
        {"yen", FIELD_WORD, .at = 0, .size = sizeof(enum yen_rounding), .words = words},
    };

    return fields_read(r, doc, "roundings of contract", fields, ARRAY_LEN(fields), into);
}

static int read_minimum(struct reader *r, const struct draft *draft, int64_t *ms)
{
    const struct doc *seconds = draft->minimum, *number = draft->minimum_ms;

    if (seconds != NULL && number != NULL)
        return fields_refuse(r, number->key_line,
                             "contract: minimum_outage and minimum_outage_ms are the same, "
                             "only one may be said");
    if (seconds != NULL)
        return fields_ms(r, seconds, "minimum_outage of contract", 0, DAY_MS, ms);
    if (number != NULL)
        return fields_int(r, number, "minimum_outage_ms of contract", 0, DAY_MS, ms);
    return 0;
}

/* A local time may be a day off UTC: with the zone, cli/contract_file looks closer. */
static int check_validity(struct reader *r, const struct doc *doc, const struct contract *contract)
{
    const struct bound *from = &contract->valid_from, *until = &contract->valid_until;
    int64_t slack_ms = from->local != until->local ? DAY_MS : 0;

    if (from->given && until->given && until->ms + slack_ms <= from->ms)
        return fields_refuse(r, doc->line, "contract: valid_until is not after valid_from");
    return 0;
}

static int read_terms(struct reader *r, const struct doc *doc, struct draft *draft)
{
    static const char *const judged_by[] = {"measured", "low", "high", NULL};
    static const struct field fields[] = {
        {"name", FIELD_DOC, .required = true, FIELD_AT(struct draft, name)},
        {"timezone", FIELD_READ, FIELD_AT(struct draft, contract.timezone), .read = read_timezone},
        {"functions", FIELD_DOC, FIELD_AT(struct draft, functions)},
        {"services", FIELD_DOC, FIELD_AT(struct draft, services)},
        {"target", FIELD_READ, FIELD_AT(struct draft, contract.terms.target_micro),
         .read = contract_target},
        {"down_severities", FIELD_READ, FIELD_AT(struct draft, contract.terms.down_severity),
         .read = contract_severities},
        {"excluded_causes", FIELD_READ, FIELD_AT(struct draft, contract.terms.excluded_cause),
         .read = contract_causes},
        {"minimum_outage", FIELD_DOC, FIELD_AT(struct draft, minimum)},
        {"minimum_outage_ms", FIELD_DOC, FIELD_AT(struct draft, minimum_ms)},
        {"judged_by", FIELD_WORD, FIELD_AT(struct draft, contract.terms.judged_by),
         .words = judged_by},
        {"discounts", FIELD_READ, FIELD_AT(struct draft, contract.terms),
         .read = contract_discounts},
        {"valid_from", FIELD_READ, FIELD_AT(struct draft, contract.valid_from),
         .read = contract_bound},
        {"valid_until", FIELD_READ, FIELD_AT(struct draft, contract.valid_until),
         .read = contract_bound},
        {"minimum_observers", FIELD_INT, FIELD_AT(struct draft, contract.minimum_observers),
         .min = 1, .max = LIMIT_SERVERS},
        {"minimum_sites", FIELD_INT, FIELD_AT(struct draft, contract.minimum_sites), .min = 1,
         .max = LIMIT_SITES},
        {"notification_targets", FIELD_READ, FIELD_AT(struct draft, contract.notification),
         .read = contract_targets},
        {"recovery_targets", FIELD_READ, FIELD_AT(struct draft, contract.recovery),
         .read = contract_targets},
        {"desk_hours", FIELD_READ, FIELD_AT(struct draft, contract.desk),
         .read = contract_desk_hours},
        {"holidays", FIELD_READ, FIELD_AT(struct draft, contract.desk), .read = contract_holidays},
        {"roundings", FIELD_READ, FIELD_AT(struct draft, contract.yen_rounding),
         .read = read_roundings},
        {"response_time_target_ms", FIELD_INT, FIELD_AT(struct draft, contract.response_time_ms),
         .min = 1, .max = DAY_MS},
        {"monthly_fee", FIELD_INT, FIELD_AT(struct draft, contract.monthly_fee_yen), .min = 0,
         .max = FEE_MAX},
    };
    int rc = fields_read(r, doc, "contract", fields, ARRAY_LEN(fields), draft);

    if (rc == 0)
        rc = read_minimum(r, draft, &draft->contract.terms.minimum_outage_ms);
    if (rc == 0)
        rc = check_validity(r, doc, &draft->contract);
    return rc;
}

/* ---- a contract of its own ---- */

static int read_function(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_PLAIN, .required = true, FIELD_AT(struct contract_function, name)},
        {"label_ja", FIELD_PLAIN, FIELD_AT(struct contract_function, label_ja)},
        {"label_en", FIELD_PLAIN, FIELD_AT(struct contract_function, label_en)},
    };
    struct contract *contract = into;
    int own = contract->n_functions++, rc;
    struct contract_function *function = &contract->functions[own];

    if (doc->kind == DOC_MAP)
        rc = fields_read(r, doc, "function of contract", fields, ARRAY_LEN(fields), function);
    else
        rc = fields_plain(r, doc, "function of contract", function->name, LIMIT_NAME);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "function", function->name,
                         contract_function(contract, function->name), own);
}

static int read_functions(struct reader *r, const struct doc *doc, struct contract *contract)
{
    int rc;

    contract->functions = mem_zalloc(LIMIT_FUNCTIONS, sizeof *contract->functions);
    rc = fields_list(r, doc, "functions of contract", LIMIT_FUNCTIONS, read_function, contract);
    if (rc == 0 && contract->n_functions == 0)
        return fields_expected(r, doc, "functions of contract", "a function or more");
    return rc;
}

static int read_critical_one(struct reader *r, const struct doc *doc, void *into)
{
    struct contract *contract = into;
    struct contract_service *service = &contract->services[contract->n_services];
    char name[LIMIT_NAME];
    int rc = fields_plain(r, doc, "critical of service", name, sizeof name);
    int function = rc == 0 ? contract_function(contract, name) : -1;

    if (rc != 0)
        return rc;
    if (function < 0)
        return fields_refuse(r, doc->line, "there is no function \"%s\" in this contract", name);
    if (function_set_has(&service->critical, function))
        return fields_refuse(r, doc->line, "critical of service: \"%s\" is named twice", name);
    function_set_add(&service->critical, function);
    return 0;
}

static int read_service(struct reader *r, const struct doc *doc, void *into)
{
    struct parts {
        char name[LIMIT_NAME];
        const struct doc *critical;
    } parts = {0};
    static const struct field fields[] = {
        {"name", FIELD_PLAIN, .required = true, FIELD_AT(struct parts, name)},
        {"critical", FIELD_DOC, .required = true, FIELD_AT(struct parts, critical)},
    };
    struct contract *contract = into;
    int rc = fields_read(r, doc, "service", fields, ARRAY_LEN(fields), &parts), i;

    for (i = 0; i < contract->n_services && rc == 0; i++)
        if (strcmp(contract->services[i].name, parts.name) == 0)
            rc = fields_refuse(r, doc->line, "two services are named \"%s\"", parts.name);
    if (rc == 0)
        rc = fields_list(r, parts.critical, "critical of service", LIMIT_FUNCTIONS,
                         read_critical_one, contract);
    if (rc == 0)
        memcpy(contract->services[contract->n_services++].name, parts.name, LIMIT_NAME);
    return rc;
}

static int read_alone(struct reader *r, const struct doc *doc, void *into)
{
    struct draft *draft = into;
    struct contract *contract = &draft->contract;
    int rc = read_terms(r, doc, draft);

    if (rc == 0)
        rc = fields_plain(r, draft->name, "name of contract", contract->name, LIMIT_NAME);
    if (rc == 0 && draft->functions == NULL)
        rc = fields_refuse(r, doc->line, "contract: key \"functions\" is missing");
    if (rc == 0)
        rc = read_functions(r, draft->functions, contract);
    contract->services = mem_zalloc(LIMIT_FUNCTIONS, sizeof *contract->services);
    if (rc == 0 && draft->services != NULL)
        rc = fields_list(r, draft->services, "services of contract", LIMIT_FUNCTIONS, read_service,
                         contract);
    return rc;
}

static int read_file(struct reader *r, const struct doc *doc, struct draft *draft)
{
    static const struct field fields[] = {
        {"contract", FIELD_READ, .required = true, .read = read_alone},
    };
    const struct doc *child = doc->kind == DOC_MAP ? doc->first : NULL;

    for (; child != NULL; child = child->next)
        if (strcmp(child->key, "cluster") == 0)
            return fields_refuse(r, child->key_line,
                                 "this is a cluster file: a contract's own file has contract: at "
                                 "its top and nothing else, and names its functions");
    return fields_read(r, doc, "the contract file", fields, ARRAY_LEN(fields), draft);
}

int contract_parse(const char *file, const uint8_t *bytes, size_t len, struct contract *contract,
                   struct err *err)
{
    struct reader r = {.file = file, .err = err};
    struct draft draft = {0};
    struct doc *doc;
    int rc = doc_parse(file, bytes, len, &doc, err);

    contract_init(&draft.contract);
    if (rc == 0) {
        rc = read_file(&r, doc, &draft);
        doc_free(doc);
    }
    if (rc != 0)
        contract_free(&draft.contract);
    *contract = draft.contract;
    return rc;
}

/* ---- a cluster's ---- */

int config_contract(struct reader *r, const struct doc *doc, void *into)
{
    struct model *model = into;
    struct draft draft = {.contract = model->contract};
    int rc = read_terms(r, doc, &draft);
    const struct doc *own = draft.functions != NULL ? draft.functions : draft.services;

    if (rc == 0 && own != NULL)
        return fields_refuse(r, own->key_line,
                             "%s of contract: a cluster's contract is for the functions and "
                             "services of the cluster file, which stand beside it",
                             own->key);
    if (rc == 0)
        rc = fields_name(r, draft.name, "name of contract", draft.contract.name, LIMIT_NAME);
    model->contract = draft.contract;
    return rc;
}
