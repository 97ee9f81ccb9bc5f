#include "cli/notice_warn.h"

#include <stdarg.h>
#include <string.h>

struct warning {
    FILE *out;
    const struct model *model;
    int n;
};

static void __attribute__((format(printf, 2, 3))) warn(struct warning *w, const char *format, ...)
{
    va_list args;

    fputs("warning: notices: ", w->out);
    va_start(args, format);
    vfprintf(w->out, format, args);
    va_end(args);
    fputc('\n', w->out);
    w->n++;
}

static bool any_target(const struct contract *contract)
{
    for (int i = 0; i < SEVERITY_COUNT; i++)
        if (contract->notification[i].kind != TARGET_NONE)
            return true;
    return false;
}

static receiver_set customers(const struct notice_config *config)
{
    receiver_set set = 0;

    for (int i = 0; i < config->n_receivers; i++)
        if (config->receivers[i].audience == AUDIENCE_CUSTOMERS)
            set |= receiver_bit(i);
    return set;
}

static bool of_function(const struct notice_rule *rule, int function)
{
    static const uint64_t all[LIMIT_FUNCTIONS / 64];

    return memcmp(rule->functions, all, sizeof all) == 0 ||
           (rule->functions[function / 64] >> (function % 64) & 1) != 0;
}

/* Who is told of the function's outages at once. */
static receiver_set told_of_outage(const struct model *model, int function)
{
    receiver_set set = 0;

    for (int i = 0; i < model->notices->n_rules; i++) {
        const struct notice_rule *rule = &model->notices->rules[i];
        bool severity = rule->severities == 0 ||
                        (rule->severities >> model->functions[function].severity & 1) != 0;

        if ((rule->events & 1u << NOTICE_OUTAGE) != 0 && severity && of_function(rule, function))
            set |= rule->steps[0].receivers;
    }
    return set;
}

static receiver_set told_of_maintenance(const struct model *model, int function)
{
    receiver_set set = 0;

    for (int i = 0; i < model->notices->n_rules; i++) {
        const struct notice_rule *rule = &model->notices->rules[i];

        if ((rule->events & 1u << NOTICE_MAINTENANCE) != 0 && of_function(rule, function))
            set |= rule->steps[0].receivers;
    }
    return set;
}

static void functions(struct warning *w)
{
    const struct model *model = w->model;
    bool maintenance = any_target(&model->contract);
    receiver_set public = customers(model->notices);

    for (int i = 0; i < model->n_functions; i++) {
        const struct function *function = &model->functions[i];
        receiver_set told = told_of_outage(model, i);
        const char *severity = outage_severity_name(function->severity);

        if (told == 0 && function->severity == SEVERITY_EMERGENCY)
            warn(w, "nobody is told of outages of function %s (%s)", function->name, severity);
        else if ((told & public) == 0 &&
                 model->contract.notification[function->severity].kind != TARGET_NONE)
            warn(w,
                 "the contract has a notification target for %s outages, and no receiver with "
                 "audience: customers is told of those of function %s",
                 severity, function->name);
        if (maintenance && (told_of_maintenance(model, i) & public) == 0)
            warn(w,
                 "the contract has notification targets, and no receiver with audience: customers "
                 "is told of maintenance of function %s",
                 function->name);
    }
}

/* A password, a token or a URL that may post. */
static bool sends_secret(const struct channel *channel)
{
    return channel->kind != CHANNEL_WEBHOOK && channel->secret_file[0] != '\0';
}

static void channels(struct warning *w)
{
    const struct notice_config *config = w->model->notices;

    for (int i = 0; i < config->n_channels; i++) {
        const struct channel *channel = &config->channels[i];
        bool used = false;

        for (int k = 0; k < config->n_receivers; k++)
            used = used || config->receivers[k].channel == i;
        if (!used)
            warn(w, "channel %s is no receiver's", channel->name);
        if (channel->plain && sends_secret(channel))
            warn(w, "channel %s sends its secret without TLS: anybody on the way can read it",
                 channel->name);
        if (channel->kind == CHANNEL_WEBHOOK && strchr(channel->url, '?') != NULL)
            warn(w,
                 "the url of channel %s has a query: a secret there would be readable for all "
                 "who may read the configuration",
                 channel->name);
    }
}

static void receivers(struct warning *w)
{
    const struct notice_config *config = w->model->notices;
    receiver_set told = 0;

    for (int i = 0; i < config->n_rules; i++)
        for (int k = 0; k < config->rules[i].n_steps; k++)
            told |= config->rules[i].steps[k].receivers;
    for (int i = 0; i < config->n_receivers; i++)
        if (config->receivers[i].otherwise >= 0)
            told |= receiver_bit(config->receivers[i].otherwise);
    for (int i = 0; i < config->n_receivers; i++)
        if ((told & receiver_bit(i)) == 0)
            warn(w, "receiver %s is told of nothing", config->receivers[i].name);
}

static void templates(struct warning *w)
{
    const struct notice_config *config = w->model->notices;

    for (int i = 0; i < config->n_templates; i++) {
        bool used = false;

        for (int k = 0; k < config->n_receivers; k++)
            used = used || config->receivers[k].template == i;
        if (!used)
            warn(w, "template %s is no receiver's", config->templates[i].name);
    }
}

int notice_warn(FILE *out, const struct model *model)
{
    struct warning w = {.out = out, .model = model};

    if (model->notices == NULL) {
        if (any_target(&model->contract))
            warn(&w, "the contract has notification targets, and there are no notices");
        return w.n;
    }
    functions(&w);
    channels(&w);
    receivers(&w);
    templates(&w);
    return w.n;
}
