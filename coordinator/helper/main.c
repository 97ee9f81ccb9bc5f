/* kirikae-helper: holds addresses and runs hooks of exclusive routes, under deadlines. */
#include "base/args.h"
#include "base/buf.h"
#include "helper/helper.h"
#include "store/file.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PRIORITY 20 /* of 99: above what is not real-time, below the kernel's own */

static const char usage[] =
    "Usage: kirikae-helper --config HELPER.yaml [--check]\n"
    "Holds addresses and runs hooks of exclusive routes for the kirikaed beside it, and brings\n"
    "them down when their time is over, whatever became of kirikaed.\n"
    "\n"
    "  --config FILE  what it may do; only root may be able to write it\n"
    "  --check        read the file, say what is wrong with it, and end\n"
    "  --version      print the version and end\n";

static int read_config(const char *path, struct helper_config *config, struct err *err)
{
    struct buf yaml = {0};
    int r = file_load_trusted(path, LIMIT_CONFIG, &yaml, err);

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
    struct args args = {.program = "kirikae-helper", .usage = usage};
    struct helper helper = {0};
    struct err err = {{0}};
    int r = args_read(&args, argc, argv);

    if (r >= 0)
        return r;
    helper.log = log_open("helper", LOG_LEVEL_INFO);
    r = read_config(args.config, &helper.config, &err);
    if (r == 0 && !args.check)
        r = run(&helper, &err);
    else
        helper_config_free(&helper.config);
    if (r < 0)
        log_line(helper.log, LOG_LEVEL_ERROR, "start", "%s", err.text);
    log_close(helper.log);
    return r < 0 ? 1 : 0;
}
