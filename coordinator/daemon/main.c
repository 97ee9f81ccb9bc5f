/* kirikaed: the coordinator that runs on every server. */
#include "base/mem.h"
#include "daemon/daemon.h"
#include "store/file.h"

#include <curl/curl.h>
#include <getopt.h>
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

enum mode { MODE_RUN, MODE_INIT, MODE_CHECK, MODE_DONE };

/* 0, or the exit code when there is nothing to run. */
static int read_arguments(int argc, char **argv, const char **config, enum mode *mode)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"init", no_argument, NULL, 'i'},
        {"check", no_argument, NULL, 'k'},        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c') {
            *config = optarg;
        } else if (option == 'i') {
            *mode = MODE_INIT;
        } else if (option == 'k') {
            *mode = MODE_CHECK;
        } else if (option == 'v' || option == 'h') {
            fputs(option == 'v' ? "kirikaed " KIRIKAE_VERSION "\n" : usage, stdout);
            *mode = MODE_DONE;
            return 0;
        } else {
            return 2;
        }
    }
    if (*config != NULL && optind == argc)
        return 0;
    fputs(usage, stderr);
    return 2;
}

static int read_node_file(const char *path, struct node_config *config, struct err *err)
{
    struct buf yaml = {0};
    int r = file_read(path, LIMIT_CONFIG, &yaml, err);

    if (r > 0)
        r = err_set(err, ERR_IO, "%s: no such file", path);
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
    const char *path = NULL;
    enum mode mode = MODE_RUN;
    struct daemon *daemon;
    struct err err = {{0}};
    int r = read_arguments(argc, argv, &path, &mode);

    if (r != 0 || mode == MODE_DONE)
        return r;
    daemon = mem_zalloc(1, sizeof *daemon);
    if (read_node_file(path, &daemon->config, &err) < 0) {
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
    r = mode == MODE_RUN ? daemon_open(daemon, &err)
                         : daemon_prepare(daemon, mode == MODE_INIT, &err);
    if (r < 0) {
        log_line(daemon->log, LOG_LEVEL_ERROR, "start", "%s", err.text);
        daemon->exit_code = 1;
    }
    return finish(daemon);
}
