/* Preloaded (LD_PRELOAD): while the file that DENIED names exists the kernel refuses to take an
 * address or an interface down. A real one does so only to who has lost its rights. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
               socklen_t to_len)
{
    static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    const struct nlmsghdr *request = bytes;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "sendto");
    if (to != NULL && to->sa_family == AF_NETLINK && len >= sizeof *request &&
        (request->nlmsg_type == RTM_DELADDR || request->nlmsg_type == RTM_NEWLINK) &&
        access(getenv("DENIED"), F_OK) == 0) {
        errno = EPERM;
        return -1;
    }
    return real(fd, bytes, len, flags, to, to_len);
}
