// The log that shim.c writes and replay.c reads: a struct record, then `length` bytes, again and again.
#pragma once
#include <stdint.h>

enum {
    RECORD_WRITE = 0,
    RECORD_SYNC = 1,
    // A write through a descriptor opened O_DSYNC: durable when it returns.
    RECORD_ROOT = 2,
    RECORD_FOLDER = 3,
    RECORD_RENAME = 4,
    // Marks of the program under test; `offset` is shard << 48 | unit.
    RECORD_SENT = 8,
    RECORD_ACKNOWLEDGED = 9,
};

struct record {
    uint32_t kind;
    uint32_t length;
    uint64_t offset;
};
