/// The Linux calls that Swift's Glibc module leaves out.
#pragma once
#include <stddef.h>
#include <spawn.h>
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
/// CLOCK_MONOTONIC in nanoseconds. (Swift attributes timespec to whichever C module happens to be read first.)
int64_t clinux_monotonic_nanoseconds(void);
/// Starts a thread that nobody joins, with at least `stack` bytes of stack; 0, or an errno. The first 15 bytes of `name`
/// are shown by ps -L and debuggers.
int clinux_start_thread(const char *name, size_t stack, void *(*body)(void *), void *argument);
/// The text of an errno, which the thread owns until its next call.
const char *clinux_error_text(int number);
/// A pipe of close-on-exec descriptors, the reading end first; 0, or -1 with errno.
int clinux_pipe(int ends[2]);
/// The spawned process inherits no descriptor from `first` on; 0, or an errno.
int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
/// Unmaps the pages of the program and its libraries that were only read so far: those that are needed again come back
/// from the page cache, one by one.
void clinux_release_program_pages(void);
