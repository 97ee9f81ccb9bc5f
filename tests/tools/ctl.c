#include "base/buf.h"
#include "base/clock.h"
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define APPEAR_MS 5000 /* a caller that was just started makes its socket within this */

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int64_t end_ms = clock_boot_ms() + APPEAR_MS;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if ((errno != ENOENT && errno != ECONNREFUSED) || clock_boot_ms() > end_ms) {
            close(fd);
            return -1;
        }
        poll(NULL, 0, 20);
    }
    return fd;
}

/* True when a whole line came. */
static bool ask(int fd, const struct buf *command, struct buf *answer)
{
    char bytes[1024];
    ssize_t n = send(fd, command->data, command->len, MSG_NOSIGNAL);

    if (n != (ssize_t)command->len)
        return false;
    do {
        n = recv(fd, bytes, sizeof bytes, 0);
        if (n > 0)
            buf_append(answer, bytes, (size_t)n);
    } while (n > 0 && answer->data[answer->len - 1] != '\n');
    return n > 0;
}

int ctl_main(int n_words, char **words)
{
    struct buf command = {0}, answer = {0};
    int fd, code = 3;

    if (n_words < 2) {
        fputs("caller ctl: want SOCKET COMMAND…; see caller --help\n", stderr);
        return 2;
    }
    for (int i = 1; i < n_words; i++)
        buf_printf(&command, "%s%s", words[i], i + 1 < n_words ? " " : "\n");
    fd = dial(words[0]);
    if (fd >= 0 && ask(fd, &command, &answer)) {
        fputs(buf_cstr(&answer), stdout);
        code = strncmp(buf_cstr(&answer), "{\"ok\":false", 11) == 0 ? 1 : 0;
    } else {
        fprintf(stderr, "caller ctl: no caller answers at %s\n", words[0]);
    }
    if (fd >= 0)
        close(fd);
    buf_free(&command);
    buf_free(&answer);
    return code;
}
