// Builds images of the store's file as a power loss may have left it, from the log of shim.c, and checks each: it opens,
// every shard is in the state after exactly one unit of its script, no acknowledged unit is missing, none is there that
// was not sent, and it takes a change and opens again.
//
//   replay LOG FOLDER IMAGES SEED GRANULE
//
// Up to the last sync before the cut everything is there, and so is a write through a synchronous descriptor that
// returned. Of each later write every GRANULE bytes are there or not by chance.
// Exit: 0 all good, 1 a violation, 2 the replay itself failed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum { MOST_SHARDS = 16, SHARD_BYTES = 16, IMAGES_A_CHILD = 100 };

struct entry {
    struct record head;
    const unsigned char *bytes;
};

// What the children found; shared memory.
struct outcome {
    long next, damaged, lost, invented, ahead, checked;
    char first[256];
};

static struct entry *entries;
static size_t entry_count, first_mark;
static unsigned char *base, *image;
static size_t base_length, image_length, capacity, base_end;
static char folder[512], file[600];
static uint64_t random_state;

static uint64_t next_random(void) {
    random_state += 0x9E3779B97F4A7C15ull;
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

static void give_up(const char *what) {
    perror(what);
    exit(2);
}

static void load(const char *path) {
    int descriptor = open(path, O_RDONLY);
    struct stat found;
    if (descriptor < 0 || fstat(descriptor, &found)) give_up(path);
    const unsigned char *all = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (all == MAP_FAILED) give_up("mmap");
    size_t size = (size_t)found.st_size;
    for (size_t at = 0; at + sizeof(struct record) <= size;) {
        entries = realloc(entries, (entry_count + 1) * sizeof *entries);
        struct entry *entry = &entries[entry_count];
        memcpy(&entry->head, all + at, sizeof entry->head);
        entry->bytes = all + at + sizeof entry->head;
        at += sizeof entry->head + entry->head.length;
        if (at > size) break;
        if (entry->head.length && entry->head.offset + entry->head.length > capacity)
            capacity = entry->head.offset + entry->head.length;
        if (!first_mark && entry->head.kind >= RECORD_SENT) first_mark = entry_count;
        entry_count++;
    }
}

static void put(unsigned char *target, size_t *length, uint64_t offset, const unsigned char *bytes, size_t count) {
    memcpy(target + offset, bytes, count);
    if (offset + count > *length) *length = offset + count;
}

// The image of a loss of power after `cut` operations. Cuts come in ascending order, so the part that is certainly on
// disk only grows.
static void build(size_t cut, size_t granule) {
    size_t last_sync = base_end;
    for (size_t i = base_end; i < cut; i++)
        if (entries[i].head.kind == RECORD_SYNC) last_sync = i;
    for (; base_end < last_sync; base_end++)
        if (entries[base_end].head.length)
            put(base, &base_length, entries[base_end].head.offset, entries[base_end].bytes, entries[base_end].head.length);
    memcpy(image, base, base_length);
    image_length = base_length;
    unsigned chance = (unsigned[]){50, 90, 10}[next_random() % 3];
    // The operation at the cut itself was under way.
    for (size_t i = last_sync; i <= cut && i < entry_count; i++) {
        const struct entry *entry = &entries[i];
        if (!entry->head.length) continue;
        if (entry->head.kind == RECORD_ROOT && i < cut) {
            put(image, &image_length, entry->head.offset, entry->bytes, entry->head.length);
            continue;
        }
        for (size_t at = 0; at < entry->head.length;) {
            uint64_t offset = entry->head.offset + at;
            size_t count = granule - offset % granule;
            if (count > entry->head.length - at) count = entry->head.length - at;
            if (next_random() % 100 < chance) put(image, &image_length, offset, entry->bytes + at, count);
            at += count;
        }
    }
}

static void write_image(void) {
    int descriptor = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0) give_up(file);
    for (size_t at = 0; at < image_length;) {
        ssize_t written = pwrite(descriptor, image + at, image_length - at, (off_t)at);
        if (written <= 0) give_up("pwrite");
        at += (size_t)written;
    }
    close(descriptor);
}

struct shard {
    uint64_t position, number, expected, found;
};

static uint64_t big_endian(const unsigned char *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static void mix(uint64_t *state, uint64_t word) {
    *state = (*state ^ word) * 0xBF58476D1CE4E5B9ull;
    *state ^= *state >> 29;
}

static void mix_bytes(uint64_t *state, const unsigned char *bytes, size_t count) {
    mix(state, count);
    size_t words = count / 8;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, bytes + 8 * i, 8);
        mix(state, word);
    }
    for (size_t i = 8 * words; i < count; i++) mix(state, bytes[i]);
}

// Adds one table to the shards' digests; the same digest as Script.swift.
static int walk(MDB_txn *transaction, const char *name, struct shard *shards) {
    MDB_dbi database;
    MDB_cursor *cursor;
    MDB_val key, value;
    int code = mdb_dbi_open(transaction, name, 0, &database);
    if (!code) code = mdb_cursor_open(transaction, database, &cursor);
    if (code) return code;
    while (!(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        const unsigned char *k = key.mv_data, *v = value.mv_data;
        if (key.mv_size < SHARD_BYTES) return MDB_CORRUPTED;
        uint64_t index = big_endian(k + 8);
        if (big_endian(k) != 1 || index >= MOST_SHARDS) return MDB_CORRUPTED;
        struct shard *shard = &shards[index];
        if (!strcmp(name, "ownership")) {
            if (value.mv_size != 16) return MDB_CORRUPTED;
            shard->position = big_endian(v + 8);
        } else if (!strcmp(name, "settings") && key.mv_size == 22 && !memcmp(k + 16, "digest", 6)) {
            if (value.mv_size != 16) return MDB_CORRUPTED;
            shard->number = big_endian(v);
            shard->expected = big_endian(v + 8);
        } else {
            uint64_t state = 0x9E3779B97F4A7C15ull;
            mix_bytes(&state, (const unsigned char *)name, strlen(name));
            mix_bytes(&state, k, key.mv_size);
            mix_bytes(&state, v, value.mv_size);
            shard->found ^= state;
        }
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

static int read_shards(MDB_env *environment, struct shard *shards) {
    MDB_txn *transaction;
    MDB_cursor *cursor;
    MDB_val key, value;
    MDB_dbi names;
    memset(shards, 0, MOST_SHARDS * sizeof *shards);
    int code = mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);
    if (code) return code;
    code = mdb_dbi_open(transaction, NULL, 0, &names);
    if (!code) code = mdb_cursor_open(transaction, names, &cursor);
    while (!code && !(code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        char name[64] = "";
        if (key.mv_size >= sizeof name) {
            code = MDB_CORRUPTED;
            break;
        }
        memcpy(name, key.mv_data, key.mv_size);
        if (strcmp(name, "meta")) code = walk(transaction, name, shards);
    }
    mdb_txn_abort(transaction);
    return code == MDB_NOTFOUND ? 0 : code;
}

static int open_image(MDB_env **environment) {
    int code = mdb_env_create(environment);
    if (!code) code = mdb_env_set_maxdbs(*environment, 64);
    if (!code) code = mdb_env_set_mapsize(*environment, 256u << 20);
    // What was written is checked within this process: no need to sync.
    return code ? code : mdb_env_open(*environment, folder, MDB_NOSYNC | MDB_NOTLS, 0600);
}

// Rewrites what is there as a real program would, so that a damaged list of free pages shows.
static int change(MDB_env *environment) {
    MDB_txn *transaction;
    MDB_dbi database;
    static unsigned char bytes[9000];
    int code = mdb_txn_begin(environment, NULL, 0, &transaction);
    if (code) return code;
    code = mdb_dbi_open(transaction, "files", 0, &database);
    for (int i = 0; !code && i < 20; i++) {
        unsigned char name[SHARD_BYTES + 1] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, MOST_SHARDS - 1};
        name[SHARD_BYTES] = (unsigned char)i;
        MDB_val key = {sizeof name, name}, value = {sizeof bytes, bytes};
        code = mdb_put(transaction, database, &key, &value, 0);
    }
    if (code) {
        mdb_txn_abort(transaction);
        return code;
    }
    return mdb_txn_commit(transaction);
}

static void note(struct outcome *outcome, long *counter, long number, const char *what, int code, uint64_t a, uint64_t b) {
    (*counter)++;
    if (!outcome->first[0])
        snprintf(outcome->first, sizeof outcome->first, "image %ld: %s%s%s (%llu, %llu)", number, what, code ? ": " : "",
                 code ? mdb_strerror(code) : "", (unsigned long long)a, (unsigned long long)b);
}

static void check(long number, size_t cut, struct outcome *outcome) {
    struct shard shards[MOST_SHARDS], again[MOST_SHARDS];
    uint64_t sent[MOST_SHARDS] = {0}, acknowledged[MOST_SHARDS] = {0};
    for (size_t i = first_mark; i < cut; i++) {
        uint64_t shard = entries[i].head.offset >> 48, unit = entries[i].head.offset & 0xFFFFFFFFFFFFull;
        if (shard >= MOST_SHARDS) continue;
        if (entries[i].head.kind == RECORD_SENT) sent[shard] = unit;
        if (entries[i].head.kind == RECORD_ACKNOWLEDGED) acknowledged[shard] = unit;
    }
    outcome->checked++;
    MDB_env *environment;
    int code = open_image(&environment);
    if (!code) code = read_shards(environment, shards);
    if (code) {
        note(outcome, &outcome->damaged, number, "does not read", code, 0, 0);
        return;
    }
    for (uint64_t i = 0; i < MOST_SHARDS; i++) {
        if (shards[i].found != shards[i].expected || shards[i].position != shards[i].number) {
            note(outcome, &outcome->damaged, number, "is between two units", 0, shards[i].position, shards[i].number);
            return;
        }
        if (shards[i].number < acknowledged[i])
            note(outcome, &outcome->lost, number, "lost an acknowledged unit", 0, acknowledged[i], shards[i].number);
        if (shards[i].number > sent[i])
            note(outcome, &outcome->invented, number, "has a unit that was not sent", 0, sent[i], shards[i].number);
        if (shards[i].number > acknowledged[i]) outcome->ahead++;
    }
    code = change(environment);
    mdb_env_close(environment);
    if (!code) code = open_image(&environment);
    if (!code) code = read_shards(environment, again);
    if (!code) mdb_env_close(environment);
    if (code) {
        note(outcome, &outcome->damaged, number, "takes no change", code, 0, 0);
        return;
    }
    for (uint64_t i = 0; i + 1 < MOST_SHARDS; i++)
        if (again[i].found != shards[i].found || again[i].number != shards[i].number)
            note(outcome, &outcome->damaged, number, "is another after a change", 0, shards[i].number, again[i].number);
}

static int by_size(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **words) {
    if (count != 6) {
        fputs("usage: replay LOG FOLDER IMAGES SEED GRANULE\n", stderr);
        return 2;
    }
    load(words[1]);
    snprintf(folder, sizeof folder, "%s", words[2]);
    snprintf(file, sizeof file, "%s/data.mdb", folder);
    long images = atol(words[3]);
    random_state = strtoull(words[4], NULL, 10);
    size_t granule = (size_t)atol(words[5]);
    if (!first_mark || images < 1 || granule < 1) {
        fputs("replay: the log has no marks, or a number is wrong\n", stderr);
        return 2;
    }
    base = calloc(1, capacity);
    image = calloc(1, capacity);
    size_t *cuts = malloc((size_t)images * sizeof *cuts);
    struct outcome *outcome =
        mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!base || !image || !cuts || outcome == MAP_FAILED) give_up("memory");
    for (long i = 0; i < images; i++) cuts[i] = first_mark + next_random() % (entry_count - first_mark) + 1;
    qsort(cuts, (size_t)images, sizeof *cuts, by_size);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while (outcome->next < images) {
        // In a child: LMDB crashes on a damaged file.
        fflush(NULL);
        pid_t child = fork();
        if (child < 0) give_up("fork");
        if (child == 0) {
            random_state ^= (uint64_t)outcome->next * 0xD1B54A32D192ED03ull;
            freopen("/dev/null", "w", stderr);
            for (long done = 0; done < IMAGES_A_CHILD && outcome->next < images; done++) {
                long number = outcome->next++;
                build(cuts[number], granule);
                write_image();
                check(number, cuts[number], outcome);
            }
            _exit(0);
        }
        int status;
        if (waitpid(child, &status, 0) < 0) give_up("waitpid");
        if (WIFEXITED(status) && WEXITSTATUS(status)) return 2;
        if (WIFSIGNALED(status))
            note(outcome, &outcome->damaged, outcome->next - 1, "crashes LMDB", 0, (uint64_t)WTERMSIG(status), 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    printf("%ld images of %zu operations, granule %zu: %ld damaged, %ld lost an acknowledged unit, %ld with a unit not "
           "sent, %ld ahead of an acknowledgement; %.0f images/s%s%s\n",
           images, entry_count, granule, outcome->damaged, outcome->lost, outcome->invented, outcome->ahead,
           (double)images / seconds, outcome->first[0] ? "; first: " : "", outcome->first);
    return outcome->damaged || outcome->lost || outcome->invented ? 1 : 0;
}
