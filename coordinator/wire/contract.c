/* The contract: what the customer was promised. */
#include "base/check.h"
#include "wire/config_parts.h"

#include <string.h>

/* "98", "99.95": percent with at most six decimals, above 0, at most 100. */
static int read_percent(struct reader *r, const struct doc *doc, void *into)
{
    int64_t micro = 0, *target = into;
    int decimals = -1;
    bool good = doc->kind == DOC_TEXT && strlen(doc->text) <= 10;

    for (const char *c = good ? doc->text : ""; *c != '\0' && good; c++) {
        if (*c == '.') {
            good = decimals == -1 && c > doc->text;
            decimals = 0;
        } else {
            good = *c >= '0' && *c <= '9' && decimals < 6;
            micro = micro * 10 + (*c - '0');
            decimals += decimals >= 0;
        }
    }
    for (int i = decimals > 0 ? decimals : 0; i < 6; i++)
        micro *= 10;
    if (!good || decimals == 0 || micro < 1 || micro > PERCENT_MICRO_MAX)
        return fields_refuse(r, doc->line,
                             "target of contract: expected a percentage above 0 and "
                             "up to 100 with at most six decimals, such as 99.9");
    *target = micro;
    return 0;
}

static int read_severity(struct reader *r, const struct doc *doc, void *into)
{
    bool *down = into;
    int severity = doc->kind == DOC_TEXT ? outage_severity_parse(doc->text) : -1;

    if (severity < 0)
        return fields_refuse(r, doc->line,
                             "down_severities of contract: expected emergency, severe or minor");
    down[severity] = true;
    return 0;
}

static int read_down_severities(struct reader *r, const struct doc *doc, void *into)
{
    struct contract *contract = into;

    memset(contract->terms.down_severity, 0, sizeof contract->terms.down_severity);
    return fields_list(r, doc, "down_severities of contract", SEVERITY_COUNT, read_severity,
                       contract->terms.down_severity);
}

/* It becomes the name of a file below the zoneinfo directory. */
static int read_timezone(struct reader *r, const struct doc *doc, void *into)
{
    char *zone = into;
    int rc = fields_text(r, doc, "timezone of contract", "/_+-", zone, LIMIT_NAME);

    if (rc == 0 && (zone[0] == '/' || zone[strlen(zone) - 1] == '/'))
        return fields_refuse(r, doc->line,
                             "timezone of contract: expected a name such as "
                             "Asia/Tokyo");
    return rc;
}

int config_contract(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct contract, name)},
        {"timezone", FIELD_READ, FIELD_AT(struct contract, timezone), .read = read_timezone},
        {"target", FIELD_READ, FIELD_AT(struct contract, terms.target_micro), .read = read_percent},
        {"down_severities", FIELD_READ, .read = read_down_severities},
        {"minimum_outage", FIELD_MS, FIELD_AT(struct contract, terms.minimum_outage_ms), .min = 0,
         .max = 86400000},
    };
    struct model *model = into;

    return fields_read(r, doc, "contract", fields, ARRAY_LEN(fields), &model->contract);
}
