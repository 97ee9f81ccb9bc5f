/* Notices: the section, its rules, and the operator's own texts. */
#include "wire/config_notice.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "core/notice/template.h"

#include <stdio.h>
#include <string.h>

#define GATHER_DEFAULT_MS 3000
#define GATHER_MAX_MS 600000
#define APART_DEFAULT_MS 30000
#define APART_MAX_MS 86400000
#define LASTING_MAX_MS (30 * 86400000ll)
#define ESCALATE_MAX_MS (7 * 86400000ll)

/* ---- rules ---- */

static int read_event(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_rule *rule = into;
    char name[LIMIT_NAME];
    int event, rc = fields_text(r, doc, "event of rule", NULL, name, sizeof name);

    if (rc != 0)
        return rc;
    event = notice_event_find(name);
    if (event < 0 || event == NOTICE_TEST)
        return fields_refuse(r, doc->line, "events of rule: there is no event \"%s\"", name);
    if (rule->events & 1u << event)
        return fields_refuse(r, doc->line, "events of rule: \"%s\" is named twice", name);
    rule->events |= 1u << event;
    return 0;
}

static int read_events(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "events of rule", NOTICE_EVENTS, read_event, into);
}

static int read_severity(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_rule *rule = into;
    int severity = doc->kind == DOC_TEXT ? outage_severity_parse(doc->text) : -1;

    if (severity < 0)
        return fields_expected(r, doc, "severities of rule", "emergency, severe or minor");
    if (rule->severities & 1u << severity)
        return fields_refuse(r, doc->line, "severities of rule: \"%s\" is named twice", doc->text);
    rule->severities |= (uint8_t)(1u << severity);
    return 0;
}

/* No item would mean what leaving the key out means: it is a slip. */
static int read_some(struct reader *r, const struct doc *doc, const char *what, int max,
                     int (*read)(struct reader *, const struct doc *, void *), void *into)
{
    if (doc->kind == DOC_LIST && doc->first == NULL)
        return fields_refuse(r, doc->line, "%s: the list is empty; leave it out for all", what);
    return fields_list(r, doc, what, max, read, into);
}

static int read_severities(struct reader *r, const struct doc *doc, void *into)
{
    return read_some(r, doc, "severities of rule", SEVERITY_COUNT, read_severity, into);
}

static int read_function(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_rule *rule = into;
    int function, rc = config_reference(r, doc, "function", model_function, &function);

    if (rc != 0)
        return rc;
    if (rule->functions[function / 64] >> (function % 64) & 1)
        return fields_refuse(r, doc->line, "functions of rule: \"%s\" is named twice", doc->text);
    rule->functions[function / 64] |= UINT64_C(1) << (function % 64);
    return 0;
}

static int read_functions(struct reader *r, const struct doc *doc, void *into)
{
    return read_some(r, doc, "functions of rule", LIMIT_FUNCTIONS, read_function, into);
}

static int read_span(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_rule *rule = into;

    if (doc->kind != DOC_TEXT || !span_parse(doc->text, &rule->quiet[rule->n_quiet++]))
        return fields_expected(r, doc, "quiet of rule",
                               "a span such as \"22:00-07:00\" or \"Sat-Sun 00:00-24:00\"");
    return 0;
}

static int read_quiet(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "quiet of rule", LIMIT_SPANS, read_span, into);
}

static int read_hearer(struct reader *r, const struct doc *doc, void *into)
{
    receiver_set *receivers = into;
    int receiver, rc = config_receiver(r, doc, &receiver);

    if (rc != 0)
        return rc;
    if (*receivers & receiver_bit(receiver))
        return fields_refuse(r, doc->line, "tell of rule: receiver \"%s\" is named twice",
                             doc->text);
    *receivers |= receiver_bit(receiver);
    return 0;
}

static int read_hearers(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "tell of rule", LIMIT_RECEIVERS, read_hearer, into);
}

static int read_tell(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_rule *rule = into;

    rule->n_steps = 1;
    return read_hearers(r, doc, &rule->steps[0].receivers);
}

static int read_step(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"after", FIELD_MS, .required = true, FIELD_AT(struct notice_step, after_ms), .min = 1000,
         .max = ESCALATE_MAX_MS},
        {"tell", FIELD_READ, .required = true, FIELD_AT(struct notice_step, receivers),
         .read = read_hearers},
    };
    struct notice_rule *rule = into;

    return fields_read(r, doc, "escalate of rule", fields, ARRAY_LEN(fields),
                       &rule->steps[rule->n_steps++]);
}

static int read_escalate(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "escalate of rule", LIMIT_NOTICE_STEPS - 1, read_step, into);
}

static int read_rule(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct notice_rule, name)},
        {"events", FIELD_READ, .required = true, .read = read_events},
        {"severities", FIELD_READ, .read = read_severities},
        {"functions", FIELD_READ, .read = read_functions},
        {"lasting", FIELD_MS, FIELD_AT(struct notice_rule, lasting_ms), .min = 1000,
         .max = LASTING_MAX_MS},
        {"gather", FIELD_MS, FIELD_AT(struct notice_rule, gather_ms), .min = 0,
         .max = GATHER_MAX_MS},
        {"apart", FIELD_MS, FIELD_AT(struct notice_rule, apart_ms), .min = 0, .max = APART_MAX_MS},
        {"quiet", FIELD_READ, .read = read_quiet},
        {"tell", FIELD_READ, .required = true, .read = read_tell},
        {"escalate", FIELD_READ, .read = read_escalate}, /* behind tell, whose step is the first */
    };
    struct notice_config *config = into;
    int own = config->n_rules++, rc;
    struct notice_rule *rule = &config->rules[own];

    *rule = (struct notice_rule){.gather_ms = GATHER_DEFAULT_MS, .apart_ms = APART_DEFAULT_MS};
    rc = fields_read(r, doc, "rule", fields, ARRAY_LEN(fields), rule);
    if (rc != 0)
        return rc;
    rc = notice_rule_check(config, rule, r->err);
    if (rc != 0)
        return err_wrap(r->err, rc, "%s:%d: rule \"%s\"", r->file, doc->line, rule->name);
    return config_unique(r, doc, "rule", rule->name, notice_find_rule(config, rule->name), own);
}

int config_notice_rules(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "rules of notices", LIMIT_NOTICE_RULES, read_rule, into);
}

/* ---- templates ---- */

static int read_subject(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_template *template = into;
    char subject[LIMIT_TEXT];
    int rc = fields_plain(r, doc, "subject of template", subject, sizeof subject);

    if (rc == 0)
        template->subject = mem_dup(subject, strlen(subject) + 1);
    return rc;
}

static int read_body(struct reader *r, const struct doc *doc, void *into)
{
    struct notice_template *template = into;
    char wanted[64];
    size_t len = doc->kind == DOC_TEXT ? strlen(doc->text) : 0;

    snprintf(wanted, sizeof wanted, "a text of 1 to %d bytes", LIMIT_TEMPLATE);
    if (len == 0 || len > LIMIT_TEMPLATE)
        return fields_expected(r, doc, "body of template", wanted);
    template->body = mem_dup(doc->text, len + 1);
    template->line = doc->block ? doc->line + 1 : doc->line;
    if (!plain_lines(template->body) || plain_blank(template->body))
        return fields_refuse(r, doc->line,
                             "body of template: expected a text that can be seen, without control "
                             "characters or marks of direction");
    return 0;
}

static int check_template(struct reader *r, const struct doc *doc,
                          const struct notice_template *template)
{
    struct err err;

    if (template_check(template->name, template->subject, doc->line, &err) != 0 ||
        template_check(template->name, template->body, template->line, &err) != 0)
        return fields_refuse(r, doc->line, "%s", err.text);
    return 0;
}

static int read_template(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"name", FIELD_NAME, .required = true, FIELD_AT(struct notice_template, name)},
        {"subject", FIELD_READ, .required = true, .read = read_subject},
        {"body", FIELD_READ, .required = true, .read = read_body},
    };
    struct notice_config *config = into;
    int own = config->n_templates++, rc;
    struct notice_template *template = &config->templates[own];

    rc = fields_read(r, doc, "template", fields, ARRAY_LEN(fields), template);
    if (rc == 0)
        rc = check_template(r, doc, template);
    if (rc != 0)
        return rc;
    return config_unique(r, doc, "template", template->name,
                         notice_find_template(config, template->name), own);
}

int config_templates(struct reader *r, const struct doc *doc, void *into)
{
    return fields_list(r, doc, "templates of notices", LIMIT_TEMPLATES, read_template, into);
}

/* ---- the section ---- */

int config_notices(struct reader *r, const struct doc *doc, void *into)
{
    static const struct field fields[] = {
        {"channels", FIELD_READ, .required = true, .read = config_channels},
        {"templates", FIELD_READ, .read = config_templates},
        {"receivers", FIELD_READ, .required = true, .read = config_receivers},
        {"rules", FIELD_READ, .required = true, .read = config_notice_rules},
    };
    struct model *model = into;

    model->notices = mem_zalloc(1, sizeof *model->notices);
    return fields_read(r, doc, "notices", fields, ARRAY_LEN(fields), model->notices);
}
