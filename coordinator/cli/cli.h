/* The command line: a table of commands, one file per command. A command reads its
 * options here, asks the cluster through libkirikae (or files, offline) and returns an
 * exit code. Nothing global: tests run it in-process. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"
#include "kirikae/client.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
    CLI_DONE = KIRIKAE_DONE,
    CLI_REFUSED = KIRIKAE_REFUSED, /* or not met */
    CLI_USAGE = KIRIKAE_USAGE,
    CLI_UNREACHABLE = KIRIKAE_UNREACHABLE,
};

#define CLI_OPTIONS_MAX 12
#define CLI_ARGUMENTS_MAX 4
#define CLI_MANY_MAX 64

struct cli_option {
    const char *name;  /* "--" goes before it; NULL ends a table */
    const char *value; /* what stands for its value in the help; NULL: a flag */
    const char *help;
    bool required;
    bool many; /* it may come more than once; one of a command's options at most */
};

struct cli;

struct cli_command {
    const char *name;      /* "status", "audit export" */
    const char *arguments; /* "ROUTE"; "" */
    int n_arguments;       /* that it needs … */
    int n_optional;        /* … and how many more it may have */
    const char *summary;
    const char *needs; /* the least role, or that it works offline */
    const char *example;
    const struct cli_option *options; /* NULL: none */
    void (*more)(FILE *out);          /* help, beneath the options; NULL: none */
    int (*run)(struct cli *cli);
};

extern const struct cli_command cmd_status, cmd_nodes, cmd_routes, cmd_explain, cmd_coverage,
    cmd_topology, cmd_failover, cmd_switchover, cmd_failback, cmd_pause, cmd_resume, cmd_drain,
    cmd_undrain, cmd_leader, cmd_leader_move, cmd_maintenance_extend, cmd_maintenance_add,
    cmd_maintenance_list, cmd_maintenance_end, cmd_audit_export, cmd_audit_verify, cmd_sla_report,
    cmd_sla_compute, cmd_sla_status, cmd_sla_diff, cmd_incident_list, cmd_incident_show,
    cmd_incident_amend, cmd_incident_annotate, cmd_incident_ack, cmd_incident_post, cmd_notice_list,
    cmd_notice_show, cmd_notice_test, cmd_config_check, cmd_contract_check, cmd_contract_show,
    cmd_simulate, cmd_rules, cmd_replay, cmd_report, cmd_status_page_export;

struct cli {
    FILE *out, *err;
    const struct cli_command *command;
    const char *values[CLI_OPTIONS_MAX]; /* of its options, in order; NULL: absent */
    const char *many[CLI_MANY_MAX];      /* of the one that may come more than once */
    int n_many;
    const char *arguments[CLI_ARGUMENTS_MAX];
    int n_arguments;
    bool json;
    const char *config, *cluster, *ca, *cert, *key, *node; /* NULL: from the admin file */
    int timeout_ms;
    struct kirikae *client; /* made when first needed */
};

/* Runs one command line; returns its exit code. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* Of the command's own options. */
const char *cli_value(const struct cli *cli, const char *option); /* NULL: absent */
bool cli_flag(const struct cli *cli, const char *option);

/* "kirikae: text" on `err` (as JSON on `out`, too, with --json); returns `code`. */
int cli_fail(struct cli *cli, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes cli->client, if there is none yet: 0, or an exit code after a message. */
int cli_connect(struct cli *cli);
/* Asks the cluster. `args` is taken (NULL: {}). 0 and *result (json_decref), or an exit
 * code after a message. */
int cli_ask(struct cli *cli, const char *verb, json_t *args, json_t **result);
/* The same for a command: puts a fresh "id" into `args`; says so when the outcome is not
 * known. */
int cli_tell(struct cli *cli, const char *verb, json_t *args, json_t **result);
/* Ask, and print the answer: as it is with --json, else by `print`. */
int cli_show(struct cli *cli, const char *verb, json_t *args,
             void (*print)(FILE *out, const json_t *result));
/* Makes all texts within plain (base/plain.h), unless they go out as JSON; NULL is fine. Not of a
 * ledger's lines as they are: their bytes are proved. */
void cli_clean(const struct cli *cli, json_t *value);
void cli_print_json(FILE *out, const json_t *value);

/* "90s", "2h", "3d" -> ms; 0 or ERR_INVALID. */
int cli_duration(const char *text, int64_t *ms);
/* "now", "+90m", "+2h", "+3d", or RFC 3339 with an offset -> UTC ms; 0 or ERR_INVALID. */
int cli_time(const char *text, int64_t now_utc_ms, int64_t *utc_ms);

/* Whole file into `out`; ERR_IO or ERR_LIMIT. */
struct buf;
int cli_read_file(const char *file, size_t max, struct buf *out, struct err *err);

/* Puts a text of the command line into `args`; CLI_USAGE when it is not UTF-8. */
int cli_put(struct cli *cli, json_t *args, const char *key, const char *text);

/* Of a JSON object: "" or 0 or false when absent. */
const char *cli_text(const json_t *object, const char *key);
int64_t cli_int(const json_t *object, const char *key);
bool cli_bool(const json_t *object, const char *key);

#endif
