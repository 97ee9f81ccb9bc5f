/* What the commands share: their options, the cluster, printing. */
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/utc.h"
#include "cli/admin_config.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int option_index(const struct cli *cli, const char *option)
{
    int i;

    for (i = 0; cli->command->options[i].name != NULL; i++)
        if (strcmp(cli->command->options[i].name, option) == 0)
            return i;
    CHECK(!"an option of this command");
    return -1;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    return cli->values[option_index(cli, option)];
}

bool cli_flag(const struct cli *cli, const char *option)
{
    return cli_value(cli, option) != NULL;
}

int cli_fail(struct cli *cli, int code, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    plain_clean(text);
    fprintf(cli->err, "kirikae: %s\n", text);
    if (cli->json) {
        json_t *object =
            json_pack("{s:{s:i,s:s%}}", "error", "exit", code, "text", text, strlen(text));

        if (object != NULL)
            cli_print_json(cli->out, object);
        json_decref(object);
    }
    return code;
}

static void clean(json_t *value)
{
    json_t *item;
    const char *key;
    size_t i;

    json_array_foreach(value, i, item) clean(item);
    json_object_foreach(value, key, item) clean(item);
    if (json_is_string(value) && !plain_text(json_string_value(value))) {
        char *text = mem_strdup(json_string_value(value));

        plain_clean(text);
        json_string_set(value, text);
        mem_free(text);
    }
}

void cli_clean(const struct cli *cli, json_t *value)
{
    if (!cli->json)
        clean(value);
}

void cli_print_json(FILE *out, const json_t *value)
{
    json_dumpf(value, out, JSON_INDENT(2));
    fputc('\n', out);
}

const char *cli_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

int64_t cli_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

bool cli_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

int cli_put(struct cli *cli, json_t *args, const char *key, const char *text)
{
    if (json_object_set_new(args, key, json_string(text)) == 0)
        return 0;
    return cli_fail(cli, CLI_USAGE, "%s is not UTF-8 text", key);
}

int cli_read_file(const char *file, size_t max, struct buf *out, struct err *err)
{
    FILE *f = fopen(file, "re");
    size_t n;
    int r = 0;

    if (f == NULL)
        return err_set(err, ERR_IO, "%s: %s", file, strerror(errno));
    do {
        size_t before = out->len;

        n = fread(buf_reserve(out, 65536), 1, 65536, f);
        out->len = before + n;
    } while (n > 0 && out->len <= max);
    if (ferror(f))
        r = err_set(err, ERR_IO, "%s: %s", file, strerror(errno));
    else if (out->len > max)
        r = err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", file, max);
    fclose(f);
    return r;
}

/* ---- time ---- */

static int64_t unit_ms(const char *unit)
{
    if (unit[0] == '\0' || unit[1] != '\0')
        return 0;
    switch (unit[0]) {
    case 's':
        return 1000;
    case 'm':
        return 60000;
    case 'h':
        return 3600000;
    case 'd':
        return 86400000;
    default:
        return 0;
    }
}

int cli_duration(const char *text, int64_t *ms)
{
    char *unit;
    long long n = strtoll(text, &unit, 10);

    if (unit == text || text[0] < '0' || text[0] > '9' || n > 1000000 || unit_ms(unit) == 0)
        return ERR_INVALID;
    *ms = n * unit_ms(unit);
    return 0;
}

int cli_time(const char *text, int64_t now_utc_ms, int64_t *utc_ms)
{
    int64_t ahead_ms;

    if (strcmp(text, "now") == 0) {
        *utc_ms = now_utc_ms;
        return 0;
    }
    if (text[0] != '+')
        return utc_parse(text, utc_ms);
    if (cli_duration(text + 1, &ahead_ms) != 0)
        return ERR_INVALID;
    *utc_ms = now_utc_ms + ahead_ms;
    return 0;
}

/* ---- the cluster ---- */

static const char *admin_file(const struct cli *cli)
{
    const char *file = cli->config != NULL ? cli->config : getenv("KIRIKAE_CONFIG");

    return file != NULL ? file : "/etc/kirikae/admin.yaml";
}

/* Flags go before the file; with all four of them no file is needed. */
static int settings(struct cli *cli, struct admin_config *config)
{
    struct buf yaml = {0};
    struct err err;
    int r = 0;

    if (cli->cluster == NULL || cli->ca == NULL || cli->cert == NULL || cli->key == NULL) {
        r = cli_read_file(admin_file(cli), LIMIT_CONFIG, &yaml, &err);
        if (r == 0)
            r = admin_config_parse(admin_file(cli), yaml.data, yaml.len, config, &err);
        buf_free(&yaml);
    }
    if (r < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    if (cli->cluster == NULL)
        cli->cluster = config->cluster_file;
    if (cli->ca == NULL)
        cli->ca = config->ca;
    if (cli->cert == NULL)
        cli->cert = config->cert;
    if (cli->key == NULL)
        cli->key = config->key;
    return 0;
}

int cli_connect(struct cli *cli)
{
    struct admin_config config;
    struct cli with = *cli;
    int r;

    if (cli->client != NULL)
        return 0;
    r = settings(&with, &config);
    if (r != 0)
        return r;
    cli->client = kirikae_new();
    r = kirikae_load_cluster(cli->client, with.cluster);
    if (r == KIRIKAE_DONE)
        r = kirikae_set_tls(cli->client, with.ca, with.cert, with.key);
    if (r == KIRIKAE_DONE && cli->node != NULL)
        r = kirikae_prefer(cli->client, cli->node);
    return r == KIRIKAE_DONE ? 0 : cli_fail(cli, r, "%s", kirikae_error(cli->client));
}

int cli_ask(struct cli *cli, const char *verb, json_t *args, json_t **result)
{
    char *text = NULL, *question = NULL;
    json_error_t where;
    int r;

    *result = NULL;
    r = cli_connect(cli);
    if (r == 0) {
        question = args != NULL ? json_dumps(args, JSON_COMPACT) : NULL;
        r = kirikae_call(cli->client, verb, question, cli->timeout_ms, &text);
        if (r != KIRIKAE_DONE)
            cli_fail(cli, r, "%s", kirikae_error(cli->client));
    }
    if (r == 0) {
        *result = json_loads(text != NULL ? text : "", 0, &where);
        if (!json_is_object(*result)) {
            json_decref(*result);
            *result = NULL;
            r = cli_fail(cli, CLI_REFUSED, "%s answered something else than a JSON object",
                         kirikae_answered_by(cli->client));
        }
    }
    free(question);
    kirikae_free_text(text);
    json_decref(args);
    return r;
}

int cli_tell(struct cli *cli, const char *verb, json_t *args, json_t **result)
{
    char id[33];
    int r;

    r = cli_connect(cli);
    if (r == 0)
        r = kirikae_new_id(cli->client, id);
    if (r != 0) {
        json_decref(args);
        return r;
    }
    json_object_set_new(args, "id", json_string(id));
    r = cli_ask(cli, verb, args, result);
    if (r == CLI_UNREACHABLE)
        fprintf(cli->err, "kirikae: whether it was done, or will be, is not known: look with "
                          "kirikae status\n");
    return r;
}

int cli_show(struct cli *cli, const char *verb, json_t *args,
             void (*print)(FILE *out, const json_t *result))
{
    json_t *result;
    int r = cli_ask(cli, verb, args, &result);

    if (r != 0)
        return r;
    cli_clean(cli, result);
    if (cli->json)
        cli_print_json(cli->out, result);
    else
        print(cli->out, result);
    json_decref(result);
    return CLI_DONE;
}
