#include "helper/helper.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* ---- the socket ---- */

static int listen_on(const char *path, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    unlink(path);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && chmod(path, 0666) == 0 &&
        listen(fd, 4) == 0) /* who may is asked of the kernel */
        return fd;
    err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_IO;
}

static void drop(struct helper *helper)
{
    if (helper->daemon >= 0)
        close(helper->daemon);
    helper->daemon = -1;
}

void helper_tell(struct helper *helper, const struct holding_message *message)
{
    uint8_t bytes[HOLDING_BYTES];
    size_t len = holding_encode(message, bytes);

    if (helper->daemon >= 0 &&
        send(helper->daemon, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
        drop(helper); /* what it misses it has to ask for again */
}

static bool may_connect(const struct helper *helper, int fd, uid_t *uid)
{
    struct ucred who;
    socklen_t len = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return false;
    *uid = who.uid;
    return who.uid == 0 || who.uid == helper->user;
}

/* The newest counts: the one before is of a daemon that is gone, or about to be. */
static void take_connection(struct helper *helper)
{
    int fd = accept4(helper->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    uid_t uid = (uid_t)-1;

    if (fd < 0)
        return;
    if (!may_connect(helper, fd, &uid)) {
        log_line(helper->log, LOG_LEVEL_WARN, "refused", "user %u is not %s", (unsigned)uid,
                 helper->config.user);
        close(fd);
        return;
    }
    drop(helper);
    helper->daemon = fd;
    log_line(helper->log, LOG_LEVEL_INFO, "daemon", "connected");
}

static struct place *place_of(struct helper *helper, const char *route)
{
    int i;

    for (i = 0; i < helper->config.n_routes; i++)
        if (strcmp(helper->config.routes[i].name, route) == 0)
            return &helper->places[i];
    return NULL;
}

static void take_message(struct helper *helper, const struct holding_message *message)
{
    struct place *place = place_of(helper, message->route);
    struct holding_message answer = *message;
    int64_t now_ms = clock_boot_ms();

    if (place != NULL && message->kind == HOLDING_HOLD) {
        place_hold(place, message, now_ms);
    } else if (place != NULL && message->kind == HOLDING_RELEASE) {
        place_release(place, message, now_ms);
    } else if (place == NULL) {
        answer.kind = HOLDING_FAILED;
        snprintf(answer.text, sizeof answer.text, "the helper's file has no such route");
        helper_tell(helper, &answer);
    }
}

#define MESSAGES_MAX 64 /* at once: then deadlines are looked at again */

static void take_messages(struct helper *helper)
{
    uint8_t bytes[HOLDING_BYTES];
    struct holding_message message;
    struct err err;
    ssize_t n;
    int i;

    for (i = 0; i < MESSAGES_MAX && helper->daemon >= 0; i++) {
        n = recv(helper->daemon, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            drop(helper);
            log_line(helper->log, LOG_LEVEL_WARN, "daemon", "gone: deadlines stand");
        } else if (holding_decode(bytes, (size_t)n, &message, &err) < 0) {
            log_line(helper->log, LOG_LEVEL_ERROR, "daemon", "%s", err.text);
            drop(helper);
        } else {
            take_message(helper, &message);
        }
    }
}

/* ---- the loop ---- */

static bool all_down(const struct helper *helper)
{
    int i;

    for (i = 0; i < helper->config.n_routes; i++)
        if (!place_is_down(&helper->places[i]))
            return false;
    return true;
}

static void set_timer(struct helper *helper)
{
    struct itimerspec when = {0};
    int64_t next_ms = INT64_MAX;
    int i;

    for (i = 0; i < helper->config.n_routes; i++)
        if (place_next_ms(&helper->places[i]) < next_ms)
            next_ms = place_next_ms(&helper->places[i]);
    if (next_ms < 1)
        next_ms = 1; /* 0 would stop it */
    if (next_ms != INT64_MAX)
        when.it_value = (struct timespec){next_ms / 1000, next_ms % 1000 * 1000000};
    CHECK(timerfd_settime(helper->timer, TFD_TIMER_ABSTIME, &when, NULL) == 0);
}

static void tick_all(struct helper *helper)
{
    int64_t now_ms = clock_boot_ms();
    uint64_t count;
    int i;

    (void)!read(helper->timer, &count, sizeof count);
    for (i = 0; i < helper->config.n_routes; i++)
        place_tick(&helper->places[i], now_ms);
}

static void end_all(struct helper *helper)
{
    struct signalfd_siginfo signal;
    int i;

    (void)!read(helper->signals, &signal, sizeof signal);
    if (!helper->ends)
        log_line(helper->log, LOG_LEVEL_INFO, "stop", "everything is fenced");
    helper->ends = true;
    for (i = 0; i < helper->config.n_routes; i++)
        place_lost(&helper->places[i], clock_boot_ms());
}

#define FIXED 4 /* listening, daemon, timer, signals */

/* The hooks that run, behind the fixed ones; `owners` says whose. */
static nfds_t watch_hooks(struct helper *helper, struct pollfd *fds, int (*owners)[2])
{
    nfds_t n = FIXED;
    int i, h;

    for (i = 0; i < helper->config.n_routes; i++)
        for (h = 0; h < helper->config.routes[i].n_hooks; h++) {
            const struct hook_run *run = &helper->places[i].runs[h];

            if (run->pid == 0)
                continue;
            owners[n][0] = owners[n + 1][0] = i;
            owners[n][1] = owners[n + 1][1] = h;
            fds[n++] = (struct pollfd){.fd = run->pidfd, .events = POLLIN};
            fds[n++] = (struct pollfd){.fd = run->output, .events = POLLIN};
        }
    return n;
}

static void after_hooks(struct helper *helper, const struct pollfd *fds, nfds_t n, int (*owners)[2])
{
    nfds_t k;

    for (k = FIXED; k < n; k += 2) {
        struct place *place = &helper->places[owners[k][0]];
        struct hook_run *run = &place->runs[owners[k][1]];

        if (run->pid == 0 || run->pidfd != fds[k].fd)
            continue; /* killed, and maybe another began, since */
        if (fds[k + 1].revents != 0)
            hook_read(run);
        if (fds[k].revents != 0)
            place_hook_ended(place, owners[k][1], clock_boot_ms());
    }
}

static void turn(struct helper *helper)
{
    struct pollfd fds[FIXED + LIMIT_ROUTES * HELPER_HOOKS * 2];
    int owners[ARRAY_LEN(fds)][2];
    nfds_t n;

    set_timer(helper);
    fds[0] = (struct pollfd){.fd = helper->timer, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = helper->daemon, .events = POLLIN};
    fds[2] = (struct pollfd){.fd = helper->listening, .events = POLLIN};
    fds[3] = (struct pollfd){.fd = helper->signals, .events = POLLIN};
    n = watch_hooks(helper, fds, owners);
    if (poll(fds, n, -1) < 0)
        return;
    tick_all(helper); /* deadlines first: nothing that comes in may keep them waiting */
    after_hooks(helper, fds, n, owners);
    if (fds[1].revents != 0 && !helper->ends)
        take_messages(helper);
    if (fds[2].revents != 0)
        take_connection(helper);
    if (fds[3].revents != 0)
        end_all(helper);
}

static void fence_all(struct helper *helper)
{
    int i;

    helper->places = mem_zalloc((size_t)helper->config.n_routes, sizeof *helper->places);
    for (i = 0; i < helper->config.n_routes; i++) {
        helper->places[i].helper = helper;
        helper->places[i].route = &helper->config.routes[i];
        place_begin(&helper->places[i], clock_boot_ms());
    }
    while (!all_down(helper))
        turn(helper);
}

int helper_open(struct helper *helper, struct err *err)
{
    const struct passwd *user;
    sigset_t set;
    int r;

    helper->daemon = helper->listening = -1;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    helper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    helper->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    CHECK(helper->signals >= 0 && helper->timer >= 0);
    r = netlink_open(&helper->netlink, err);
    if (r < 0)
        return r;
    fence_all(helper);
    user = getpwnam(helper->config.user);
    if (user == NULL)
        return err_set(err, ERR_INVALID, "there is no user %s", helper->config.user);
    helper->user = user->pw_uid;
    helper->listening = listen_on(helper->config.socket, err);
    if (helper->listening < 0)
        return ERR_IO;
    sd_notify(0, "READY=1");
    return 0;
}

void helper_run(struct helper *helper)
{
    while (!helper->ends || !all_down(helper))
        turn(helper);
}

void helper_close(struct helper *helper)
{
    drop(helper);
    if (helper->listening >= 0) {
        close(helper->listening);
        unlink(helper->config.socket);
    }
    close(helper->timer);
    close(helper->signals);
    netlink_close(helper->netlink);
    mem_free(helper->places);
    helper_config_free(&helper->config);
}
