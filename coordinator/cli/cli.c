#include "cli/cli.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_command *const commands[] = {
    &cmd_status,
    &cmd_nodes,
    &cmd_routes,
    &cmd_explain,
    &cmd_coverage,
    &cmd_topology,
    &cmd_failover,
    &cmd_switchover,
    &cmd_failback,
    &cmd_pause,
    &cmd_resume,
    &cmd_drain,
    &cmd_undrain,
    &cmd_leader_move,
    &cmd_leader,
    &cmd_maintenance_add,
    &cmd_maintenance_list,
    &cmd_maintenance_end,
    &cmd_maintenance_extend,
    &cmd_incident_list,
    &cmd_incident_show,
    &cmd_incident_amend,
    &cmd_incident_ack,
    &cmd_incident_post,
    &cmd_incident_annotate,
    &cmd_notice_list,
    &cmd_notice_show,
    &cmd_notice_test,
    &cmd_audit_export,
    &cmd_audit_verify,
    &cmd_replay,
    &cmd_sla_report,
    &cmd_sla_compute,
    &cmd_sla_status,
    &cmd_sla_diff,
    &cmd_status_page_export,
    &cmd_config_check,
    &cmd_contract_check,
    &cmd_contract_show,
    &cmd_rules,
    &cmd_simulate,
    &cmd_report,
};

/* For the help: each begins at a command. */
static const struct {
    const struct cli_command *first;
    const char *title;
} groups[] = {
    {&cmd_status, "what is, and why"},
    {&cmd_failover, "moving traffic"},
    {&cmd_maintenance_add, "maintenance"},
    {&cmd_incident_list, "incidents"},
    {&cmd_notice_list, "notices"},
    {&cmd_audit_export, "the ledger, and what follows from it"},
    {&cmd_config_check, "before anything runs"},
    {&cmd_report, "for a server's own software"},
};

static const struct cli_option globals[] = {
    {"json", NULL, "print JSON", false},
    {"config", "FILE", "admin file (default $KIRIKAE_CONFIG, /etc/kirikae/admin.yaml)", false},
    {"cluster", "FILE", "cluster file, instead of the admin file's", false},
    {"ca", "FILE", "the cluster's CA certificate, likewise", false},
    {"cert", "FILE", "own certificate, likewise", false},
    {"key", "FILE", "its private key, likewise", false},
    {"node", "NAME", "the node to ask first", false},
    {"timeout", "SECONDS", "how long to wait for the cluster (default 15)", false},
    {"help", NULL, "this help", false},
    {0},
};

/* ---- help ---- */

static void print_options(const struct cli_option *options, FILE *out)
{
    for (; options != NULL && options->name != NULL; options++) {
        char left[64];

        snprintf(left, sizeof left, "--%s%s%s", options->name, options->value != NULL ? " " : "",
                 options->value != NULL ? options->value : "");
        fprintf(out, "  %-22s %s%s\n", left, options->help, options->required ? " (required)" : "");
    }
}

static void print_group(const struct cli_command *command, FILE *out)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (groups[i].first == command)
            fprintf(out, "\n%s:\n", groups[i].title);
}

static void print_summary(const struct cli_command *command, FILE *out)
{
    char left[64];

    snprintf(left, sizeof left, "%s %s", command->name, command->arguments);
    fprintf(out, "  %-25s %s\n", left, command->summary);
}

static void help_all(FILE *out)
{
    size_t i;

    fprintf(out, "usage: kirikae COMMAND [ARGUMENTS] [OPTIONS]\n\n"
                 "Asks a kirikae cluster: is each service up, who saw it, and where does its\n"
                 "traffic go; and tells it to move.\n");
    for (i = 0; i < ARRAY_LEN(commands); i++) {
        print_group(commands[i], out);
        print_summary(commands[i], out);
    }
    fprintf(out, "\n  %-25s %s\n", "help COMMAND", "explain one of them, with an example");
    fprintf(out, "  %-25s %s\n", "--version", "print the version");
    fprintf(out, "\noptions of every command:\n");
    print_options(globals, out);
    fprintf(out, "\nexit codes: 0 done, 1 refused or not met, 2 wrong use, 3 cluster not "
                 "reachable or no quorum\n");
}

static void help_one(const struct cli_command *command, FILE *out)
{
    fprintf(out, "usage: kirikae %s%s%s [OPTIONS]\n\n%s.\nneeds: %s\n", command->name,
            command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary,
            command->needs);
    if (command->options != NULL) {
        fprintf(out, "\noptions:\n");
        print_options(command->options, out);
    }
    if (command->more != NULL)
        command->more(out);
    fprintf(out, "\noptions of every command:\n");
    print_options(globals, out);
    fprintf(out, "\nexample:\n  %s\n", command->example);
}

/* ---- words -> a command ---- */

/* How many words at `words` the command's name takes; 0: it is another's. */
static int name_matches(const struct cli_command *command, char **words, int n)
{
    const char *space = strchr(command->name, ' ');
    size_t first = space != NULL ? (size_t)(space - command->name) : strlen(command->name);

    if (n < 1 || strlen(words[0]) != first || strncmp(words[0], command->name, first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return n >= 2 && strcmp(words[1], space + 1) == 0 ? 2 : 0;
}

static const struct cli_command *find_command(char **words, int n, int *used)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(commands); i++) {
        *used = name_matches(commands[i], words, n);
        if (*used > 0)
            return commands[i];
    }
    return NULL;
}

/* `word` begins the name of several commands, and of this one. */
static bool is_family(const char *word, const struct cli_command *command)
{
    size_t len = strlen(word);

    return strncmp(command->name, word, len) == 0 && command->name[len] == ' ';
}

/* Explains `maintenance`, say, of which only `maintenance add` and its like are commands. */
static bool help_family(const char *word, FILE *out)
{
    bool found = false;
    size_t i;

    for (i = 0; i < ARRAY_LEN(commands); i++) {
        if (!is_family(word, commands[i]))
            continue;
        if (!found)
            fprintf(out, "usage: kirikae %s COMMAND [ARGUMENTS] [OPTIONS]\n\n", word);
        print_summary(commands[i], out);
        found = true;
    }
    return found;
}

static int unknown_command(struct cli *cli, char **words, int n)
{
    bool found = false;
    size_t i;

    if (n == 2 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0) &&
        help_family(words[0], cli->out))
        return CLI_DONE;

    fprintf(cli->err, "kirikae: no command \"%s%s%s\"", words[0], n > 1 ? " " : "",
            n > 1 ? words[1] : "");
    for (i = 0; i < ARRAY_LEN(commands); i++) {
        if (!is_family(words[0], commands[i]))
            continue;
        fprintf(cli->err, "%s%s", found ? ", " : "; there is: ", commands[i]->name);
        found = true;
    }
    fprintf(cli->err, found ? "\n" : "; see kirikae --help\n");
    return CLI_USAGE;
}

static int find_option(const struct cli_option *options, const char *name, size_t len)
{
    int i;

    for (i = 0; options != NULL && options[i].name != NULL; i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
            return i;
    return -1;
}

static int global_timeout(struct cli *cli, const char *value)
{
    char *end;
    long seconds = strtol(value, &end, 10);

    if (*end != '\0' || end == value || seconds < 1 || seconds > 600)
        return cli_fail(cli, CLI_USAGE, "--timeout takes 1 to 600 seconds");
    cli->timeout_ms = (int)seconds * 1000;
    return 0;
}

static int set_global(struct cli *cli, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **into;
    } texts[] = {{"config", &cli->config}, {"cluster", &cli->cluster}, {"ca", &cli->ca},
                 {"cert", &cli->cert},     {"key", &cli->key},         {"node", &cli->node}};
    size_t i;

    if (strcmp(name, "timeout") == 0)
        return global_timeout(cli, value);
    if (strcmp(name, "json") == 0)
        cli->json = true;
    for (i = 0; i < ARRAY_LEN(texts); i++)
        if (strcmp(texts[i].name, name) == 0)
            *texts[i].into = value;
    return 0;
}

/* Takes the option at words[*i] and its value. */
static int take_option(struct cli *cli, char **words, int n, int *i, bool *help)
{
    const char *word = strcmp(words[*i], "-o") == 0   ? "--output"
                       : strcmp(words[*i], "-h") == 0 ? "--help"
                                                      : words[*i];
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    int own = cli->command != NULL ? find_option(cli->command->options, name, len) : -1;
    int global = find_option(globals, name, len);
    const struct cli_option *option = own >= 0      ? &cli->command->options[own]
                                      : global >= 0 ? &globals[global]
                                                    : NULL;
    const char *value = equals != NULL ? equals + 1 : "";

    if (strncmp(word, "--", 2) != 0 || option == NULL)
        return cli_fail(cli, CLI_USAGE, "no option %s; see kirikae %s --help", word,
                        cli->command != NULL ? cli->command->name : "");
    if (option->value == NULL && equals != NULL)
        return cli_fail(cli, CLI_USAGE, "--%s takes no value", option->name);
    if (option->value != NULL && equals == NULL) {
        if (*i + 1 >= n)
            return cli_fail(cli, CLI_USAGE, "--%s needs %s", option->name, option->value);
        value = words[++*i];
    }
    if (own < 0) {
        *help = *help || strcmp(option->name, "help") == 0;
        return set_global(cli, option->name, value);
    }
    if (option->many) {
        if (cli->n_many == CLI_MANY_MAX)
            return cli_fail(cli, CLI_USAGE, "--%s is given more than %d times", option->name,
                            CLI_MANY_MAX);
        cli->many[cli->n_many++] = value;
    } else if (cli->values[own] != NULL) {
        return cli_fail(cli, CLI_USAGE, "--%s is given twice", option->name);
    }
    cli->values[own] = value;
    return 0;
}

static int check_complete(struct cli *cli)
{
    const struct cli_command *command = cli->command;
    int i;

    if (cli->n_arguments < command->n_arguments)
        return cli_fail(cli, CLI_USAGE, "usage: kirikae %s %s [OPTIONS]", command->name,
                        command->arguments);
    for (i = 0; command->options != NULL && command->options[i].name != NULL; i++)
        if (command->options[i].required && cli->values[i] == NULL)
            return cli_fail(cli, CLI_USAGE, "--%s %s is needed; see kirikae %s --help",
                            command->options[i].name, command->options[i].value, command->name);
    return 0;
}

static int parse(struct cli *cli, char **words, int n, bool *help)
{
    bool options_end = false;
    int i, r;

    for (i = 0; i < n; i++) {
        if (!options_end && strcmp(words[i], "--") == 0) {
            options_end = true;
            continue;
        }
        if (!options_end && words[i][0] == '-' && words[i][1] != '\0') {
            r = take_option(cli, words, n, &i, help);
            if (r != 0)
                return r;
            continue;
        }
        if (cli->command == NULL ||
            cli->n_arguments >= cli->command->n_arguments + cli->command->n_optional)
            return cli_fail(cli, CLI_USAGE, "\"%s\" is one word too many", words[i]);
        cli->arguments[cli->n_arguments++] = words[i];
    }
    return 0;
}

/* Does the option take a value, of whichever command it is? */
static bool takes_value(const char *word)
{
    const char *name = strcmp(word, "-o") == 0 ? "output" : word + 2;
    size_t i, len = strlen(name);
    int at = find_option(globals, name, len);

    if (strchr(name, '=') != NULL)
        return false;
    if (at >= 0)
        return globals[at].value != NULL;
    for (i = 0; i < ARRAY_LEN(commands); i++) {
        at = find_option(commands[i]->options, name, len);
        if (at >= 0)
            return commands[i]->options[at].value != NULL;
    }
    return false;
}

/* How many words before the command are options and their values. */
static int options_before(char **words, int n)
{
    int i = 0;

    while (i < n && words[i][0] == '-' && words[i][1] != '\0')
        i += strlen(words[i]) > 1 && takes_value(words[i]) ? 2 : 1;
    return i < n ? i : n;
}

static int help_command(struct cli *cli, char **words, int n)
{
    int used;

    if (n == 0) {
        help_all(cli->out);
        return CLI_DONE;
    }
    cli->command = find_command(words, n, &used);
    if (cli->command == NULL && n == 1 && help_family(words[0], cli->out))
        return CLI_DONE;
    if (cli->command == NULL || used != n)
        return unknown_command(cli, words, n);
    help_one(cli->command, cli->out);
    return CLI_DONE;
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct cli cli = {.out = out, .err = err, .timeout_ms = 15000};
    bool help = false;
    int before, used, r;

    if (argc < 2) {
        help_all(err);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        fprintf(out, "kirikae %s\n", KIRIKAE_VERSION);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "help") == 0)
        return help_command(&cli, argv + 2, argc - 2);
    before = options_before(argv + 1, argc - 1);
    if (before == argc - 1) {
        r = parse(&cli, argv + 1, before, &help);
        if (r == 0 && help)
            help_all(out);
        return r != 0 || help ? r : cli_fail(&cli, CLI_USAGE, "a command is missing");
    }
    cli.command = find_command(argv + 1 + before, argc - 1 - before, &used);
    if (cli.command == NULL)
        return unknown_command(&cli, argv + 1 + before, argc - 1 - before);
    r = parse(&cli, argv + 1, before, &help);
    if (r == 0)
        r = parse(&cli, argv + 1 + before + used, argc - 1 - before - used, &help);
    if (r == 0 && help) {
        help_one(cli.command, out);
        return CLI_DONE;
    }
    if (r == 0)
        r = check_complete(&cli);
    if (r == 0)
        r = cli.command->run(&cli);
    kirikae_free(cli.client);
    if (fflush(out) != 0 && r == CLI_DONE)
        r = CLI_REFUSED;
    return r;
}
