/* A customer who always calls, and knows how long nobody answered. */
#include "args.h"
#include "base/check.h"
#include "base/clock.h"
#include "calls.h"
#include "control.h"
#include "tally.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "Usage: caller --http HOST:PORT [OPTIONS]\n"
    "       caller --dns SERVER:PORT --name NAME --port PORT [OPTIONS]\n"
    "       caller ctl SOCKET COMMAND…\n"
    "\n"
    "Calls GET /call again and again, each call on a fresh connection, without waiting for\n"
    "earlier calls, and tells how long nobody was served. With --dns every call first asks\n"
    "SERVER for the A records of NAME and calls one of them at random.\n"
    "\n"
    "  --interval-ms N   between calls, default 10\n"
    "  --timeout-ms N    until a call has failed, default 250\n"
    "  --control SOCKET  listens there for commands\n"
    "\n"
    "Commands (one JSON line answers each; exit 0 done, 1 not met, 3 nobody there):\n"
    "  mark LABEL               the fault comes now: count anew\n"
    "  report                   label, outage_ms (the longest time without a served call that\n"
    "                           reached past the mark), calls, failed, first_failure_ms and\n"
    "                           recovered_after_ms (after the mark), served_before,\n"
    "                           served_after, by\n"
    "  wait-served PREFIX MS    until three calls in a row, made from now on, are served by\n"
    "                           names that begin so\n"
    "  wait-failing MS          until a call made from now on fails\n"
    "  quit\n"
    "\n"
    "  SIGUSR1   mark \"signal\"     SIGUSR2   prints a report     SIGTERM, SIGINT   end\n"
    "Prints \"calling\" when it begins, and a last report when it ends.\n"
    "\n"
    "Example: caller --http 127.0.0.1:8080 --control /tmp/caller.sock &\n"
    "         caller ctl /tmp/caller.sock wait-served voice- 5000\n";

struct caller {
    uv_loop_t loop;
    uv_signal_t signals[4];
    struct tally tally;
    struct calls *calls;
    struct control *control; /* or NULL */
    bool ending;
};

static void print_report(struct caller *caller)
{
    struct buf text = {0};

    tally_report(&caller->tally, clock_boot_ms(), &text);
    fputs(buf_cstr(&text), stdout);
    fflush(stdout);
    buf_free(&text);
}

static void on_mark(void *context, const char *label)
{
    struct caller *caller = context;

    tally_mark(&caller->tally, label, clock_boot_ms());
}

static void on_report(void *context, struct buf *out)
{
    struct caller *caller = context;

    tally_report(&caller->tally, clock_boot_ms(), out);
}

static uint64_t on_next_call(void *context)
{
    struct caller *caller = context;

    return calls_next(caller->calls);
}

/* From inside a callback of what must be closed: it is closed from the loop's end. */
static void on_quit(void *context)
{
    struct caller *caller = context;

    caller->ending = true;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct caller *caller = handle->loop->data;

    if (number == SIGUSR1)
        on_mark(caller, "signal");
    else if (number == SIGUSR2)
        print_report(caller);
    else
        caller->ending = true;
}

static void on_ended(void *context, uint64_t number, const char *name)
{
    struct caller *caller = context;
    int64_t now_ms = clock_boot_ms();

    if (name != NULL)
        tally_good(&caller->tally, name, now_ms);
    else
        tally_failed(&caller->tally, now_ms);
    if (caller->control != NULL)
        control_call_ended(caller->control, number, name);
}

static void start_signals(struct caller *caller)
{
    static const int numbers[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CHECK(uv_signal_init(&caller->loop, &caller->signals[i]) == 0);
        CHECK(uv_signal_start(&caller->signals[i], on_signal, numbers[i]) == 0);
    }
}

static void close_all(struct caller *caller)
{
    calls_close(caller->calls);
    if (caller->control != NULL)
        control_close(caller->control);
    for (size_t i = 0; i < ARRAY_LEN(caller->signals); i++)
        uv_close((uv_handle_t *)&caller->signals[i], NULL);
}

static int run(const struct calls_options *options, const char *socket)
{
    struct caller caller = {0};
    const struct control_handlers handlers = {&caller, on_mark, on_report, on_next_call, on_quit};
    int rc = 0;

    signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&caller.loop) == 0);
    caller.loop.data = &caller;
    start_signals(&caller);
    if (socket != NULL)
        rc = control_open(&caller.loop, socket, &handlers, &caller.control);
    if (rc != 0)
        fprintf(stderr, "caller: cannot listen at %s: %s\n", socket, uv_strerror(rc));
    tally_open(&caller.tally, clock_boot_ms());
    caller.calls = calls_open(&caller.loop, options, on_ended, &caller);
    if (rc == 0) {
        puts("calling");
        fflush(stdout);
        while (!caller.ending)
            uv_run(&caller.loop, UV_RUN_ONCE);
        print_report(&caller);
    }
    close_all(&caller);
    uv_run(&caller.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&caller.loop) == 0);
    return rc != 0 ? 1 : 0;
}

struct settings {
    struct calls_options calls;
    const char *dns; /* as given */
    const char *socket;
};

/* What is wrong, or NULL. */
static const char *problem(struct settings *settings)
{
    struct sockaddr_storage ignored;
    struct calls_options *calls = &settings->calls;

    if ((calls->http != NULL) == (settings->dns != NULL))
        return "want either --http or --dns";
    if (calls->http != NULL)
        return args_address(calls->http, &ignored) ? NULL : "--http wants ADDRESS:PORT";
    if (!args_address(settings->dns, &calls->dns))
        return "--dns wants ADDRESS:PORT";
    if (calls->dns_name == NULL || strlen(calls->dns_name) >= LIMIT_TEXT || calls->dns_port == 0)
        return "--dns wants --name and --port too";
    return NULL;
}

static bool read_option(struct settings *settings, int option, const char *text)
{
    struct calls_options *calls = &settings->calls;

    switch (option) {
    case 'h':
        calls->http = text;
        return true;
    case 'd':
        settings->dns = text;
        return true;
    case 'n':
        calls->dns_name = text;
        return true;
    case 'c':
        settings->socket = text;
        return true;
    case 'p':
        return args_number(text, 1, 65535, &calls->dns_port);
    case 'i':
        return args_number(text, 1, 60000, &calls->interval_ms);
    case 't':
        return args_number(text, 1, 60000, &calls->timeout_ms);
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"http", required_argument, NULL, 'h'},
                                            {"dns", required_argument, NULL, 'd'},
                                            {"name", required_argument, NULL, 'n'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"interval-ms", required_argument, NULL, 'i'},
                                            {"timeout-ms", required_argument, NULL, 't'},
                                            {"control", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, '?' + 1},
                                            {0}};
    struct settings settings = {.calls = {.interval_ms = 10, .timeout_ms = 250}};
    const char *wrong;
    int option;

    if (argc > 1 && strcmp(argv[1], "ctl") == 0)
        return ctl_main(argc - 2, argv + 2);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?' + 1)
            return fputs(help, stdout) < 0;
        if (!read_option(&settings, option, optarg)) {
            fputs("caller: wrong option or value; see --help\n", stderr);
            return 2;
        }
    }
    wrong = optind != argc ? "no more words are wanted" : problem(&settings);
    if (wrong != NULL) {
        fprintf(stderr, "caller: %s; see --help\n", wrong);
        return 2;
    }
    return run(&settings.calls, settings.socket);
}
