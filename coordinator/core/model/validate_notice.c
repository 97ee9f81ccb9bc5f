/* Whom to tell what: what belongs together does, and somebody hears of it. Each check names the
 * field, and who calls it where that stands. */
#include "base/check.h"
#include "core/model/validate.h"

#include <string.h>

/* Of these a rule knows the severity, the function or both. */
#define OUTAGES                                                                                    \
    (1u << NOTICE_OUTAGE | 1u << NOTICE_LASTING | 1u << NOTICE_RECOVERED | 1u << NOTICE_DISPUTED | \
     1u << NOTICE_POSTED)
#define WINDOWS                                                                                    \
    (1u << NOTICE_MAINTENANCE | 1u << NOTICE_MAINTENANCE_BEGUN | 1u << NOTICE_MAINTENANCE_OVER)

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

int notice_channel_check(const struct channel *channel, struct err *err)
{
    bool tls = begins(channel->url, "https://") || begins(channel->url, "smtps://");
    bool open = begins(channel->url, "http://");

    if (open && !channel->plain)
        return err_set(err, ERR_INVALID,
                       "url: without TLS anybody on the way can read and change what is sent: "
                       "use https://, or say plain: true");
    if (tls && channel->plain)
        return err_set(err, ERR_INVALID, "plain: the url asks for TLS");
    if (channel->plain && channel->ca_file[0] != '\0')
        return err_set(err, ERR_INVALID, "ca: with plain: true no certificate is looked at");
    if (channel->kind != CHANNEL_MAIL && channel->kind != CHANNEL_ALERTMANAGER)
        return 0;
    if (channel->user[0] != '\0' && channel->secret_file[0] == '\0')
        return err_set(err, ERR_INVALID, "user: password_file is missing");
    if (channel->user[0] == '\0' && channel->secret_file[0] != '\0')
        return err_set(err, ERR_INVALID, "password_file: user is missing");
    return 0;
}

int notice_otherwise_check(const struct notice_config *config, int receiver, struct err *err)
{
    int at = config->receivers[receiver].otherwise;

    for (int n = 0; at >= 0 && n < config->n_receivers; n++) {
        if (at == receiver)
            return err_set(err, ERR_INVALID, "otherwise: it comes back to receiver \"%s\" itself",
                           config->receivers[receiver].name);
        at = config->receivers[at].otherwise;
    }
    return 0;
}

static bool any_function(const struct notice_rule *rule)
{
    uint64_t any = 0;

    for (size_t i = 0; i < ARRAY_LEN(rule->functions); i++)
        any |= rule->functions[i];
    return any != 0;
}

static int check_events(const struct notice_rule *rule, struct err *err)
{
    bool lasting = (rule->events & 1u << NOTICE_LASTING) != 0;

    if (rule->events == 0)
        return err_set(err, ERR_INVALID, "events: there is none");
    if (lasting && rule->lasting_ms == 0)
        return err_set(err, ERR_INVALID,
                       "lasting: it says after which time the event \"lasting\" is told, and is "
                       "missing");
    if (!lasting && rule->lasting_ms > 0)
        return err_set(err, ERR_INVALID, "lasting: \"lasting\" is not among its events");
    if (rule->severities != 0 && (rule->events & OUTAGES) == 0)
        return err_set(err, ERR_INVALID, "severities: none of its events is of an outage");
    if (any_function(rule) && (rule->events & (OUTAGES | WINDOWS)) == 0)
        return err_set(err, ERR_INVALID,
                       "functions: none of its events is of an outage or of maintenance");
    if (rule->n_quiet > 0 && rule->severities != 0 && (rule->events & ~OUTAGES) == 0 &&
        (rule->severities & 1u << SEVERITY_MINOR) == 0)
        return err_set(err, ERR_INVALID,
                       "quiet: only minor ones wait, and \"minor\" is not among its severities");
    return 0;
}

int notice_rule_check(const struct notice_config *config, const struct notice_rule *rule,
                      struct err *err)
{
    receiver_set told = 0;
    int rc = check_events(rule, err);

    if (rc == 0 && rule->n_steps == 0)
        return err_set(err, ERR_INVALID, "tell: nobody hears of it");
    for (int i = 0; i < rule->n_steps && rc == 0; i++) {
        const struct notice_step *step = &rule->steps[i];
        receiver_set again = told & step->receivers;

        if (step->receivers == 0)
            rc = err_set(err, ERR_INVALID, "tell: nobody hears of it");
        else if (i > 0 && step->after_ms <= rule->steps[i - 1].after_ms)
            rc = err_set(err, ERR_INVALID, "escalate: each step has to be after the one before it");
        else if (again != 0)
            rc = err_set(err, ERR_INVALID,
                         "escalate: receiver \"%s\" is told by an earlier step already",
                         config->receivers[__builtin_ctzll(again)].name);
        told |= step->receivers;
    }
    return rc;
}

static int validate_receiver(const struct notice_config *config, int r, struct err *err)
{
    const struct receiver *receiver = &config->receivers[r];
    int text = receiver->template;

    if (receiver->channel < 0 || receiver->channel >= config->n_channels)
        return err_set(err, ERR_INVALID, "channel: there is none");
    if (receiver->otherwise < -1 || receiver->otherwise >= config->n_receivers)
        return err_set(err, ERR_INVALID, "otherwise: there is none");
    if (text < -1 || text >= config->n_templates)
        return err_set(err, ERR_INVALID, "template: there is none");
    return 0;
}

static int validate_names(const struct notice_config *c, struct err *err)
{
    int rc = VALIDATE_NAMES("channel", c->channels, c->n_channels, ".-", err);

    if (rc == 0)
        rc = VALIDATE_NAMES("receiver", c->receivers, c->n_receivers, ".-", err);
    if (rc == 0)
        rc = VALIDATE_NAMES("rule", c->rules, c->n_rules, ".-", err);
    if (rc == 0)
        rc = VALIDATE_NAMES("template", c->templates, c->n_templates, ".-", err);
    return rc;
}

int validate_notices(const struct model *model, struct err *err)
{
    const struct notice_config *c = model->notices;
    int rc = c != NULL ? validate_names(c, err) : 0;

    for (int i = 0; c != NULL && i < c->n_channels && rc == 0; i++) {
        rc = notice_channel_check(&c->channels[i], err);
        if (rc != 0)
            err_wrap(err, rc, "channel \"%s\"", c->channels[i].name);
    }
    /* What they name is there before it is followed. */
    for (int i = 0; c != NULL && i < 2 * c->n_receivers && rc == 0; i++) {
        int r = i % c->n_receivers;

        rc = i < c->n_receivers ? validate_receiver(c, r, err) : notice_otherwise_check(c, r, err);
        if (rc != 0)
            err_wrap(err, rc, "receiver \"%s\"", c->receivers[r].name);
    }
    for (int i = 0; c != NULL && i < c->n_rules && rc == 0; i++) {
        rc = notice_rule_check(c, &c->rules[i], err);
        if (rc != 0)
            err_wrap(err, rc, "rule \"%s\" of notices", c->rules[i].name);
    }
    return rc;
}
