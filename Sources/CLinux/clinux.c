#define _GNU_SOURCE
#include "clinux.h"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>

int clinux_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int clinux_peer_credentials(int fd, clinux_peer *peer) {
    struct ucred found;
    socklen_t length = sizeof found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &length)) return -1;
    peer->pid = found.pid;
    peer->uid = found.uid;
    peer->gid = found.gid;
    return 0;
}

int64_t clinux_filesystem_type(const char *path) {
    struct statfs found;
    if (statfs(path, &found)) return -1;
    return (int64_t)(uint64_t)(unsigned long)found.f_type;
}

int clinux_forbid_core_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
