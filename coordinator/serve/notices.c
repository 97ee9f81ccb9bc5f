/* Notices: who has not been told yet, and a try whether a channel works. */
#include "serve/internal.h"

#include <string.h>

int run_notices(struct request *request, struct rpc_response *response, struct err *err)
{
    struct jsonw w;

    (void)err;
    jsonw_begin(&w, &response->result);
    status_notices_json(request->engine, &w);
    return 0;
}

static void unknown(struct err *err, const char *what, const char *name, struct buf *known)
{
    err_set(err, ERR_INVALID, "no %s \"%s\"; there are: %s", what, name,
            known->len > 0 ? buf_cstr(known) : "none");
}

static int which_channel(const struct notice_config *config, const char *name, int *channel,
                         struct err *err)
{
    struct buf known = {0};
    int i;

    *channel = config != NULL ? notice_find_channel(config, name) : -1;
    for (i = 0; config != NULL && i < config->n_channels; i++)
        buf_printf(&known, "%s%s", i > 0 ? ", " : "", config->channels[i].name);
    if (*channel < 0)
        unknown(err, "channel", name, &known);
    buf_free(&known);
    return *channel < 0 ? ERR_INVALID : 0;
}

/* The channel's one of that name; all of them when none is named. */
static int which_receivers(const struct notice_config *config, int channel, const char *to,
                           receiver_set *receivers, struct err *err)
{
    struct buf known = {0};
    int i;

    for (i = 0; i < config->n_receivers; i++) {
        if (config->receivers[i].channel != channel)
            continue;
        buf_printf(&known, "%s%s", known.len > 0 ? ", " : "", config->receivers[i].name);
        if (to[0] == '\0' || strcmp(config->receivers[i].name, to) == 0)
            *receivers |= receiver_bit(i);
    }
    if (*receivers == 0 && to[0] == '\0')
        err_set(err, ERR_INVALID, "channel %s has no receivers", config->channels[channel].name);
    else if (*receivers == 0)
        unknown(err, "receiver of the channel", to, &known);
    buf_free(&known);
    return *receivers == 0 ? ERR_INVALID : 0;
}

int run_notice_test(struct request *request, struct rpc_response *response, struct err *err)
{
    struct command command = {.kind = COMMAND_NOTICE_TEST};
    char name[LIMIT_NAME], to[LIMIT_NAME];
    const struct model *model;
    int channel, r;

    r = args_text(request->args, "channel", name, sizeof name, err);
    if (r == 0)
        r = args_text(request->args, "to", to, sizeof to, err);
    if (r == 0)
        r = command_begin(request, response, &command, &model, err);
    if (r != 0)
        return r;
    r = which_channel(model->notices, name, &channel, err);
    if (r == 0)
        r = which_receivers(model->notices, channel, to, &command.receivers, err);
    return r < 0 ? r : command_submit(request, response, &command, err);
}
