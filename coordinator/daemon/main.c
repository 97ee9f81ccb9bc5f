/* kirikaed: the coordinator that runs on every server. */
#include "base/args.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "store/file.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

static const char usage[] =
    "Usage: kirikaed --config NODE.yaml [--init | --check]\n"
    "Runs the coordinator of one server in the foreground.\n"
    "\n"
    "  --config FILE  what is this node's own: name, keys, data directory\n"
    "  --init         make the data directory of a new cluster's daemon, and end; once, on\n"
    "                 every node, before the first start. A node that lost its data is\n"
    "                 started without it: the others take it back.\n"
    "  --check        read both files, say what is wrong with them, and end\n"
    "  --version      print the version and end\n"
    "\n"
    "SIGHUP: read certificates and the cluster file again. SIGTERM: stop.\n"
    "Example: kirikaed --config /etc/kirikae/node.yaml\n";

static int read_node_file(const char *path, struct node_config *config, struct err *err)
{
    struct buf yaml = {0};
    int r = file_load(path, LIMIT_CONFIG, &yaml, err);

    if (r == 0)
        r = config_parse_node(path, yaml.data, yaml.len, config, err);
    buf_free(&yaml);
    return r;
}

/* Every probe in flight is a file: take as many as the administrator allows. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int finish(struct daemon *daemon)
{
    int exit_code;

    uv_run(daemon->loop, UV_RUN_DEFAULT);
    uv_loop_close(daemon->loop);
    exit_code = daemon->exit_code;
    log_close(daemon->log);
    mem_free(daemon->loop);
    mem_free(daemon);
    curl_global_cleanup();
    return exit_code;
}

int main(int argc, char **argv)
{
    struct args args = {.program = "kirikaed", .usage = usage, .also = "init"};
    struct daemon *daemon;
    struct err err = {{0}};
    int r = args_read(&args, argc, argv);

    if (r >= 0)
        return r;
    daemon = mem_zalloc(1, sizeof *daemon);
    if (read_node_file(args.config, &daemon->config, &err) < 0) {
        fprintf(stderr, "kirikaed: %s\n", err.text);
        mem_free(daemon);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    daemon->log = log_open(daemon->config.name, (enum log_level)daemon->config.log_level);
    daemon->loop = mem_zalloc(1, sizeof *daemon->loop);
    uv_loop_init(daemon->loop);
    r = args.check || args.also_given ? daemon_prepare(daemon, args.also_given, &err)
                                      : daemon_open(daemon, &err);
    if (r < 0) {
        log_line(daemon->log, LOG_LEVEL_ERROR, "start", "%s", err.text);
        daemon->exit_code = 1;
    }
    return finish(daemon);
}
