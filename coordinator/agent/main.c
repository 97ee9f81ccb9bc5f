/* kirikae-agent: the process. */
#include "agent/agent.h"
#include "base/args.h"
#include "base/check.h"
#include "store/file.h"

#include <signal.h>
#include <stdio.h>

static const char usage[] =
    "Usage: kirikae-agent --config AGENT.yaml [--check]\n"
    "Obeys the coordinators' orders on a switch that cannot compare epochs: Kamailio's\n"
    "dispatcher, or a program. Runs in the foreground.\n"
    "\n"
    "  --config FILE  name, port, certificates, what it commands\n"
    "  --check        read the file, say what is wrong with it, and end\n"
    "  --version      print the version and end\n"
    "\n"
    "SIGHUP: read the certificates again. SIGTERM: stop.\n"
    "Example: kirikae-agent --config /etc/kirikae/agent.yaml\n";

struct process {
    uv_loop_t loop;
    uv_signal_t signals[3];
    struct agent_config config;
    struct log *log;
    struct agent *agent;
};

static int read_config(const char *path, struct agent_config *config, struct err *err)
{
    struct buf yaml = {0};
    int rc = file_load(path, LIMIT_CONFIG, &yaml, err);

    if (rc == 0)
        rc = agent_config_parse(path, yaml.data, yaml.len, config, err);
    buf_free(&yaml);
    return rc;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct process *process = handle->data;
    struct err err;

    if (number == SIGHUP) {
        if (agent_reload(process->agent, &err) != 0)
            log_line(process->log, LOG_LEVEL_ERROR, "reload", "%s", err.text);
        else
            log_line(process->log, LOG_LEVEL_INFO, "reload", "certificates were read again");
        return;
    }
    for (int i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&process->signals[i], NULL);
    agent_close(process->agent, NULL, NULL);
}

static void start_signals(struct process *process)
{
    static const int numbers[] = {SIGHUP, SIGTERM, SIGINT};

    for (int i = 0; i < 3; i++) {
        CHECK(uv_signal_init(&process->loop, &process->signals[i]) == 0);
        process->signals[i].data = process;
        CHECK(uv_signal_start(&process->signals[i], on_signal, numbers[i]) == 0);
    }
}

static int run(struct process *process)
{
    struct err err;
    int rc;

    CHECK(uv_loop_init(&process->loop) == 0);
    process->log = log_open(process->config.name, LOG_LEVEL_INFO);
    rc = agent_open(&process->loop, &process->config, process->log, &process->agent, &err);
    if (rc != 0)
        log_line(process->log, LOG_LEVEL_ERROR, "start", "%s", err.text);
    else
        start_signals(process);
    if (rc == 0)
        log_line(process->log, LOG_LEVEL_INFO, "start", "listens on %s port %d",
                 process->config.host, process->config.port);
    uv_run(&process->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&process->loop) == 0);
    log_close(process->log);
    return rc == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct process process;
    struct args args = {.program = "kirikae-agent", .usage = usage};
    struct err err;
    int exit_code = args_read(&args, argc, argv);

    if (exit_code >= 0)
        return exit_code;
    if (read_config(args.config, &process.config, &err) != 0) {
        fprintf(stderr, "kirikae-agent: %s\n", err.text);
        return 1;
    }
    if (args.check)
        return 0;
    signal(SIGPIPE, SIG_IGN);
    return run(&process);
}
