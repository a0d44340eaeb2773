// A library to preload: records every write and sync of files named data.mdb, and makes chosen ones fail.
//
//   FAULTS_LOG=FILE              record operations to FILE, see record.h
//   FAULTS_FAIL=KIND:N:ERRNO:COUNT
//       KIND w (write), s (sync), m (write through the synchronous descriptor: the root page), d (sync of a folder),
//       r (rename). The Nth of the kind fails, and the COUNT - 1 after it; COUNT 0: all after it.
//       ERRNO 0: the write is short, half of its first part; only for w and m.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "record.h"

enum { MOST_DESCRIPTORS = 4096, MOST_PARTS = 1024 };
enum { KINDS = 5 };

// What a descriptor stands for: nothing of interest, the file, the file opened synchronously, a folder.
enum { OTHER, PLAIN, SYNCHRONOUS, FOLDER };
static _Atomic unsigned char opened_as[MOST_DESCRIPTORS];
static int log_descriptor = -1;
static int failing_kind = -1, failing_errno;
static long failing_first, failing_count;
static atomic_long seen[KINDS];

__attribute__((constructor)) static void set_up(void) {
    const char *log = getenv("FAULTS_LOG");
    if (log) log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    const char *fail = getenv("FAULTS_FAIL");
    char kind;
    if (!fail || sscanf(fail, "%c:%ld:%d:%ld", &kind, &failing_first, &failing_errno, &failing_count) != 4) return;
    const char *kinds = "wsmdr", *found = strchr(kinds, kind);
    if (found) failing_kind = (int)(found - kinds);
}

static int fails(int kind) {
    long number = atomic_fetch_add(&seen[kind], 1) + 1;
    if (kind != failing_kind || number < failing_first) return 0;
    return failing_count == 0 || number < failing_first + failing_count;
}

static void record(uint32_t kind, uint64_t offset, const struct iovec *parts, int count, size_t length) {
    if (log_descriptor < 0) return;
    struct record head = {kind, (uint32_t)length, offset};
    struct iovec all[MOST_PARTS + 1] = {{&head, sizeof head}};
    int used = 1;
    for (size_t left = length; left > 0 && used <= count; used++) {
        all[used] = parts[used - 1];
        if (all[used].iov_len > left) all[used].iov_len = left;
        left -= all[used].iov_len;
    }
    // One call, so that records of several threads do not mix.
    if (syscall(SYS_writev, log_descriptor, all, used) != (long)(sizeof head + length)) abort();
}

// The program under test says what it sent and what was acknowledged.
void faults_mark(uint32_t kind, uint64_t value) { record(kind, value, NULL, 0, 0); }

static int role(int descriptor) {
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? opened_as[descriptor] : OTHER;
}

static int note_open(const char *path, int flags, int descriptor) {
    if (descriptor < 0 || descriptor >= MOST_DESCRIPTORS) return descriptor;
    size_t length = strlen(path);
    int is_file = length >= 8 && strcmp(path + length - 8, "data.mdb") == 0;
    opened_as[descriptor] = is_file                  ? (flags & O_DSYNC ? SYNCHRONOUS : PLAIN)
                            : (flags & O_DIRECTORY) ? FOLDER
                                                    : OTHER;
    return descriptor;
}

#define DEFINE_OPEN(name)                                                               \
    int name(const char *path, int flags, ...) {                                        \
        int mode = 0;                                                                   \
        if (flags & (O_CREAT | O_TMPFILE)) {                                            \
            va_list rest;                                                               \
            va_start(rest, flags);                                                      \
            mode = va_arg(rest, int);                                                   \
            va_end(rest);                                                               \
        }                                                                               \
        return note_open(path, flags, (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode)); \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) opened_as[descriptor] = OTHER;
    return (int)syscall(SYS_close, descriptor);
}

static ssize_t write_parts(int descriptor, const struct iovec *parts, int count, off_t offset) {
    int kind = role(descriptor) == SYNCHRONOUS ? RECORD_ROOT : RECORD_WRITE;
    struct iovec half;
    if (fails(kind)) {
        if (failing_errno) {
            errno = failing_errno;
            return -1;
        }
        half = (struct iovec){parts[0].iov_base, parts[0].iov_len / 2};
        parts = &half;
        count = 1;
    }
    ssize_t written = syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
    if (written > 0) record((uint32_t)kind, (uint64_t)offset, parts, count, (size_t)written);
    return written;
}

static int is_watched(int descriptor) { return role(descriptor) == PLAIN || role(descriptor) == SYNCHRONOUS; }

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    if (!is_watched(descriptor)) return syscall(SYS_pwrite64, descriptor, bytes, count, offset);
    struct iovec part = {(void *)bytes, count};
    return write_parts(descriptor, &part, 1, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset) {
    return pwrite(descriptor, bytes, count, offset);
}
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    if (!is_watched(descriptor)) return syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
    return write_parts(descriptor, parts, count, offset);
}
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return pwritev(descriptor, parts, count, offset);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (!is_watched(descriptor)) return syscall(SYS_writev, descriptor, parts, count);
    off_t offset = lseek(descriptor, 0, SEEK_CUR);
    ssize_t written = write_parts(descriptor, parts, count, offset);
    if (written > 0) lseek(descriptor, offset + written, SEEK_SET);
    return written;
}
ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (!is_watched(descriptor)) return syscall(SYS_write, descriptor, bytes, count);
    struct iovec part = {(void *)bytes, count};
    return writev(descriptor, &part, 1);
}

static int synchronise(int descriptor, long call) {
    int is_folder = role(descriptor) == FOLDER;
    if (!is_folder && !is_watched(descriptor)) return (int)syscall(call, descriptor);
    if (fails(is_folder ? RECORD_FOLDER : RECORD_SYNC)) {
        errno = failing_errno;
        return -1;
    }
    int result = (int)syscall(call, descriptor);
    if (result == 0) record(is_folder ? RECORD_FOLDER : RECORD_SYNC, 0, NULL, 0, 0);
    return result;
}
int fdatasync(int descriptor) { return synchronise(descriptor, SYS_fdatasync); }
int fsync(int descriptor) { return synchronise(descriptor, SYS_fsync); }

int rename(const char *from, const char *to) {
    if (fails(RECORD_RENAME)) {
        errno = failing_errno;
        return -1;
    }
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (result == 0) record(RECORD_RENAME, 0, NULL, 0, 0);
    return result;
}
