#include "real_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the world ---- */

static void add_candidate(struct world *world, int c, const char *name)
{
    struct candidate *candidate = &world->route->candidates[c];

    snprintf(candidate->name, sizeof candidate->name, "%s-site", name);
    snprintf(candidate->value, sizeof candidate->value, "%s", name);
    candidate->members = mem_zalloc((size_t)world->pool, sizeof *candidate->members);
    candidate->n_members = world->pool;
    candidate->least = 1;
    for (int i = 0; i < world->pool; i++) {
        int s = world->model->n_servers++;
        struct server *server = &world->model->servers[s];

        snprintf(server->name, sizeof server->name, "%s-%d", name, i + 1);
        snprintf(server->host, sizeof server->host, "127.0.%d.%d", c + 1, i + 1);
        candidate->members[i] = s;
    }
}

/* A test that fails jumps out before world_free(): what is left is ended at exit. */
static struct world *worlds[16];

static void free_worlds(void)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        if (worlds[i] != NULL)
            world_free(worlds[i]);
}

static void remember(struct world *was, struct world *is)
{
    static bool registered;
    size_t i = 0;

    if (!registered)
        atexit(free_worlds);
    registered = true;
    while (i < sizeof worlds / sizeof worlds[0] && worlds[i] != was)
        i++;
    if (i < sizeof worlds / sizeof worlds[0])
        worlds[i] = is;
}

struct world *world_new(int pool)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    snprintf(world->dir, sizeof world->dir, "/tmp/kirikae-act-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    remember(NULL, world);
    world->pool = pool;
    world->model = mem_zalloc(1, sizeof *world->model);
    world->model->routes = world->route = mem_zalloc(1, sizeof *world->route);
    world->model->n_routes = 1;
    snprintf(world->route->name, sizeof world->route->name, "calls");
    world->route->n_candidates = 2;
    add_candidate(world, 0, "voice");
    add_candidate(world, 1, "mirror");
    world->route->n_actuators = 1;
    world->actuator = &world->route->actuators[0];
    snprintf(world->actuator->name, sizeof world->actuator->name, "a-1");
    world->actuator->timeout_ms = REAL_PATIENCE_MS;
    snprintf(world->secret, sizeof world->secret, "a2lyaWthZS1raXJpa2FlLWtpcmlrYWUta2lyaWthZQ==");
    return world;
}

void real_remove_tree(const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
}

void world_free(struct world *world)
{
    remember(world, NULL);
    if (world->pid != 0)
        real_kill(world);
    real_remove_tree(world->dir);
    mem_free(world->route->candidates[0].members);
    mem_free(world->route->candidates[1].members);
    mem_free(world->route);
    mem_free(world->model);
    mem_free(world);
}

/* ---- processes ---- */

bool real_skipped(void)
{
    const char *no = getenv("KIRIKAE_NO_REAL");

    return no != NULL && strcmp(no, "1") == 0;
}

int real_bound(int type, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Below the kernel's own choice: such a port would be taken by anybody between here and the
 * server's start. Other processes of the tests begin their search elsewhere. */
int real_free_port(void)
{
    static int next;

    for (int i = 0; i < 1000; i++) {
        int port = 12000 + (getpid() * 61 + next++) % 20000, same = port;
        int tcp = real_bound(SOCK_STREAM, &port);
        int udp = real_bound(SOCK_DGRAM, &same);

        if (tcp >= 0)
            close(tcp);
        if (udp >= 0)
            close(udp);
        if (tcp >= 0 && udp >= 0)
            return port;
    }
    fail_msg("no free port");
    return 0;
}

void real_write(const struct world *world, const char *name, const char *format, ...)
{
    char path[256];
    va_list args;
    FILE *file;
    int fd;

    snprintf(path, sizeof path, "%s/%s", world->dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    assert_int_equal(fclose(file), 0);
}

/* Both are in sbin, which is not in everybody's PATH. */
static void become(const struct world *world, const char *const *argv)
{
    char path[256], log[256];
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(log, sizeof log, "%s/log", world->dir);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    snprintf(path, sizeof path, "/usr/sbin/%s", argv[0]);
    execv(path, (char *const *)argv);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static void show_log(const struct world *world)
{
    char path[256], line[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/log", world->dir);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fprintf(stderr, "    %s", line);
    if (file != NULL)
        fclose(file);
}

bool real_can_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

void real_start(struct world *world, const char *const *argv,
                bool (*is_ready)(const struct world *))
{
    int64_t end_ms = clock_boot_ms() + REAL_PATIENCE_MS;
    int status;

    assert_int_equal(world->pid, 0);
    world->pid = fork();
    if (world->pid == 0)
        become(world, argv);
    while (clock_boot_ms() < end_ms) {
        if (waitpid(world->pid, &status, WNOHANG) == world->pid) {
            world->pid = 0;
            break;
        }
        if (is_ready(world))
            return;
        usleep(10000); /* a server's start has no event to wait for */
    }
    show_log(world);
    fail_msg("%s does not run (is it installed? KIRIKAE_NO_REAL=1 skips this)", argv[0]);
}

void real_kill(struct world *world)
{
    int status;

    kill(world->pid, SIGKILL);
    assert_int_equal(waitpid(world->pid, &status, 0), world->pid);
    world->pid = 0;
}

void real_stop(struct world *world)
{
    int status;

    kill(world->pid, SIGTERM);
    assert_int_equal(waitpid(world->pid, &status, 0), world->pid);
    world->pid = 0;
}

void real_append(char *text, size_t room, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, room - len, format, args);
    va_end(args);
}

/* ---- calls ---- */

server_set world_all(const struct world *world, int candidate)
{
    server_set all = ((server_set)1 << world->pool) - 1;

    return all << (candidate * world->pool);
}

struct act_order world_order(const struct world *world, uint32_t epoch, uint32_t step,
                             int candidate, server_set members)
{
    return (struct act_order){.model = world->model,
                              .epoch = epoch,
                              .step = step,
                              .candidate = candidate,
                              .members = members};
}

struct ended {
    int times;
    bool inside; /* still in act_run() */
    struct act_result result;
};

static void on_done(void *context, const struct act_order *order, const struct act_result *result)
{
    struct ended *ended = context;

    (void)order;
    assert_false(ended->inside);
    ended->times++;
    ended->result = *result;
}

struct act_result world_run_may(const struct act_order *order, act_may *may, void *context)
{
    struct ended ended = {0};
    struct act *act;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    act = act_open(&loop, NULL, may, context);
    ended.inside = true;
    act_run(act, order, on_done, &ended);
    ended.inside = false;
    while (ended.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    act_close(act, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(ended.times, 1);
    return ended.result;
}

struct act_result world_run(const struct act_order *order)
{
    return world_run_may(order, NULL, NULL);
}

void world_ok(const struct act_order *order, bool changed)
{
    struct act_result result = world_run(order);

    if (result.code != 0)
        fail_msg("%s: %s", err_name(result.code), result.err.text);
    assert_int_equal(result.changed, changed);
}

void world_fails(const struct act_order *order, int code, const char *text)
{
    struct act_result result = world_run(order);

    assert_string_equal(err_name(result.code), err_name(code));
    if (strstr(result.err.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", result.err.text, text);
}
