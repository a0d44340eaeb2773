/// The Linux calls that Swift's Glibc module leaves out.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// Who is at the other end of a Unix socket (SO_PEERCRED, unix(7)).
typedef struct {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
} clinux_peer;

/// A close-on-exec, non-blocking event descriptor, or -1 with errno.
int clinux_eventfd(void);
/// Fills `peer` for the connected socket `fd`; 0, or -1 with errno.
int clinux_peer_credentials(int fd, clinux_peer *peer);
/// The f_type of statfs(2) for `path`, or -1 with errno.
int64_t clinux_filesystem_type(const char *path);
/// prctl(PR_SET_DUMPABLE, 0): no core image, no ptrace by the same uid.
int clinux_forbid_core_dumps(void);
