#include "bench.h"
#include "base/check.h"
#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"voice-1", "voice-2", "mirror-1", "mirror-2"};

static void model_make(struct bench *bench)
{
    struct model *model = bench->model = model_new();

    model->n_servers = 4;
    for (int i = 0; i < 4; i++) {
        snprintf(model->servers[i].name, sizeof model->servers[i].name, "%s", names[i]);
        snprintf(model->servers[i].host, sizeof model->servers[i].host, "127.0.1.%d", i + 1);
    }
    model->routes = mem_zalloc(1, sizeof *model->routes);
    model->n_routes = 1;
    bench->route = &model->routes[0];
    snprintf(bench->route->name, sizeof bench->route->name, "calls");
    bench->route->n_candidates = 2;
    for (int c = 0; c < 2; c++) {
        struct candidate *candidate = &bench->route->candidates[c];

        snprintf(candidate->name, sizeof candidate->name, "%s", c == 0 ? "tokyo" : "osaka");
        snprintf(candidate->value, sizeof candidate->value, "%s", c == 0 ? "voice" : "mirror");
        candidate->members = mem_zalloc(LIMIT_SERVERS, sizeof *candidate->members);
        candidate->n_members = 2;
        candidate->members[0] = 2 * c;
        candidate->members[1] = 2 * c + 1;
        memset(candidate->weights, 100, sizeof candidate->weights);
    }
    bench->route->n_actuators = 1;
    bench->actuator = &bench->route->actuators[0];
    snprintf(bench->actuator->name, sizeof bench->actuator->name, "sw");
    snprintf(bench->actuator->agent, sizeof bench->actuator->agent, "agent");
    bench->actuator->timeout_ms = PATIENCE_MS;
}

struct bench *bench_new(void)
{
    struct bench *bench = mem_zalloc(1, sizeof *bench);
    struct agent_config *config = &bench->config;
    char path[PATH_ROOM];

    bench->world = world_new(1);
    world_open(bench->world, 0);
    world_issue(bench->world, "agent", "agent", "agent");
    model_make(bench);
    snprintf(config->name, sizeof config->name, "agent");
    snprintf(config->host, sizeof config->host, "%s", bench->world->options.peers[0].host);
    config->port = world_free_port();
    snprintf(config->ca, sizeof config->ca, "%s", bench->world->ca);
    world_path(bench->world, "agent.pem", path);
    snprintf(config->cert, sizeof config->cert, "%s", path);
    world_path(bench->world, "agent.key", path);
    snprintf(config->key, sizeof config->key, "%s", path);
    snprintf(config->state_dir, sizeof config->state_dir, "%s", bench->world->dir);
    snprintf(bench->actuator->address, sizeof bench->actuator->address, "%.60s:%d", config->host,
             config->port);
    bench->act = act_open(&bench->world->loop, NULL, NULL, NULL);
    act_agents(bench->act, bench->world->nodes[0].link);
    return bench;
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

void bench_start(struct bench *bench)
{
    struct err err;

    if (agent_open(&bench->world->loop, &bench->config, NULL, &bench->agent, &err) != 0)
        fail_msg("%s", err.text);
}

void bench_stop(struct bench *bench)
{
    bool closed = false;

    agent_close(bench->agent, on_closed, &closed);
    bench->agent = NULL;
    UNTIL(bench->world, closed);
}

static void write_config(struct bench *bench)
{
    const struct agent_config *config = &bench->config;
    char text[4096];
    int n;

    n = snprintf(text, sizeof text,
                 "name: %s\nlisten: {address: \"%s\", port: %d}\n"
                 "tls: {ca: %s, cert: %s, key: %s}\nstate_dir: %s\nprograms:\n",
                 config->name, config->host, config->port, config->ca, config->cert, config->key,
                 config->state_dir);
    for (int i = 0; i < config->n_programs; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "  - {name: %s, path: %s}\n",
                      config->programs[i].name, config->programs[i].path);
    bench_write(bench, "agent.yaml", 0600, text);
}

pid_t bench_spawn(struct bench *bench, const char *path)
{
    char config[PATH_ROOM];
    pid_t pid;

    write_config(bench);
    world_path(bench->world, "agent.yaml", config);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(path, path, "--config", config, (char *)NULL);
        _exit(127);
    }
    return pid;
}

void bench_kill(pid_t pid)
{
    CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, NULL, 0) == pid);
}

struct act_result bench_await(struct bench *bench, struct act_order order)
{
    int64_t until_ms = clock_boot_ms() + PATIENCE_MS;
    struct act_result result;

    do {
        assert_true(clock_boot_ms() < until_ms);
        result = bench_run(bench, order);
    } while (result.code == ERR_UNAVAILABLE);
    return result;
}

void bench_free(struct bench *bench)
{
    bool closed = false;

    if (bench->agent != NULL)
        bench_stop(bench);
    act_close(bench->act, on_closed, &closed);
    UNTIL(bench->world, closed);
    world_free(bench->world);
    model_free(bench->model);
    mem_free(bench);
}

const char *bench_write(struct bench *bench, const char *name, unsigned mode, const char *text)
{
    static char path[PATH_ROOM];
    FILE *file;

    world_path(bench->world, name, path);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs(text, file);
    fclose(file);
    CHECK(chmod(path, mode) == 0);
    return path;
}

const char *bench_read(struct bench *bench, const char *name)
{
    static char text[8192];
    char path[PATH_ROOM];
    ssize_t n = 0;
    int fd;

    world_path(bench->world, name, path);
    fd = open(path, O_RDONLY);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return text;
}

struct act_order bench_order(const struct bench *bench, uint32_t epoch, uint32_t step,
                             int candidate, int members)
{
    return (struct act_order){.model = bench->model,
                              .epoch = epoch,
                              .step = step,
                              .candidate = candidate,
                              .members = (server_set)members << (2 * candidate)};
}

static void on_done(void *context, const struct act_order *order, const struct act_result *result)
{
    struct bench *bench = context;

    bench->result = *result;
    bench->ended++;
}

struct act_result bench_run(struct bench *bench, struct act_order order)
{
    int before = bench->ended;

    act_run(bench->act, &order, on_done, bench);
    while (bench->ended == before)
        world_step(bench->world);
    return bench->result;
}

void bench_ok(struct bench *bench, struct act_order order, bool changed)
{
    struct act_result result = bench_run(bench, order);

    if (result.code != 0)
        fail_msg("%s: %s", err_name(result.code), result.err.text);
    assert_int_equal(result.changed, changed);
}

void bench_fails(struct bench *bench, struct act_order order, int code, const char *text)
{
    struct act_result result = bench_run(bench, order);

    assert_string_equal(err_name(result.code), err_name(code));
    if (strstr(result.err.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", result.err.text, text);
}
