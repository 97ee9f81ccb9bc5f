/* kirikae-helper: holds addresses and runs hooks of exclusive routes, under deadlines. */
#include "base/buf.h"
#include "helper/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIORITY 20 /* of 99: above what is not real-time, below the kernel's own */

static const char usage[] =
    "Usage: kirikae-helper --config HELPER.yaml [--check]\n"
    "Holds addresses and runs hooks of exclusive routes for the kirikaed beside it, and brings\n"
    "them down when their time is over, whatever became of kirikaed.\n"
    "\n"
    "  --config FILE  what it may do; only root may be able to write it\n"
    "  --check        read the file, say what is wrong with it, and end\n"
    "  --version      print the version and end\n";

/* Nobody else than root, or who runs this, may have written it. */
static int read_file(const char *path, struct buf *bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
    struct stat stat;
    char page[4096];
    ssize_t n;

    if (fd < 0 || fstat(fd, &stat) < 0)
        r = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    else if ((stat.st_uid != 0 && stat.st_uid != geteuid()) || (stat.st_mode & 022) != 0)
        r = err_set(err, ERR_DENIED, "%s: others than root may write it", path);
    while (r == 0 && (n = read(fd, page, sizeof page)) != 0) {
        if (n < 0)
            r = err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        else if (bytes->len + (size_t)n > LIMIT_CONFIG)
            r = err_set(err, ERR_LIMIT, "%s: longer than %d bytes", path, LIMIT_CONFIG);
        else
            buf_append(bytes, page, (size_t)n);
    }
    if (fd >= 0)
        close(fd);
    return r;
}

static int read_config(const char *path, struct helper_config *config, struct err *err)
{
    struct buf yaml = {0};
    int r = read_file(path, &yaml, err);

    if (r == 0)
        r = config_parse_helper(path, yaml.data, yaml.len, config, err);
    buf_free(&yaml);
    return r;
}

/* A fence must not wait for a page, nor for its turn. */
static void become_prompt(struct log *log)
{
    struct sched_param param = {.sched_priority = PRIORITY};

    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        log_line(log, LOG_LEVEL_WARN, "start", "memory is not locked: %s", strerror(errno));
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0)
        log_line(log, LOG_LEVEL_WARN, "start", "no real-time priority: %s", strerror(errno));
}

static int run(struct helper *helper, struct err *err)
{
    int r;

    signal(SIGPIPE, SIG_IGN);
    become_prompt(helper->log);
    r = helper_open(helper, err);
    if (r == 0)
        helper_run(helper);
    helper_close(helper);
    return r;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct helper helper = {0};
    const char *path = NULL;
    bool check = false;
    struct err err = {{0}};
    int option, r;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'k') {
            check = true;
        } else if (option == 'v' || option == 'h') {
            fputs(option == 'v' ? "kirikae-helper " KIRIKAE_VERSION "\n" : usage, stdout);
            return 0;
        } else {
            return 2;
        }
    }
    if (path == NULL || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    helper.log = log_open("helper", LOG_LEVEL_INFO);
    r = read_config(path, &helper.config, &err);
    if (r == 0 && !check)
        r = run(&helper, &err);
    else
        helper_config_free(&helper.config);
    if (r < 0)
        log_line(helper.log, LOG_LEVEL_ERROR, "start", "%s", err.text);
    log_close(helper.log);
    return r < 0 ? 1 : 0;
}
