#include "arena.h"

#include <stdint.h>
#include <stdlib.h>

#define ALIGNMENT 16

#ifdef __has_feature
#if __has_feature(address_sanitizer)
/* Each piece gets its own allocation of exactly its size, so that the sanitizer sees its bounds. */
#define SEPARATE_PIECES
#endif
#endif

typedef struct chunk {
    struct chunk *next;
} chunk;

struct causeway_arena {
    ProtobufCAllocator allocator;
    chunk *chunks;
    char *position;
    size_t left;
    size_t used;
    size_t chunk_size;
    size_t limit;
    int is_exhausted;
};

static size_t aligned(size_t size) { return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static void *allocate(void *arena, size_t size) { return causeway_arena_take(arena, size); }

static void ignore(void *arena, void *pointer) {
    (void)arena;
    (void)pointer;
}

causeway_arena *causeway_arena_create(size_t chunk_size, size_t limit) {
    causeway_arena *arena = calloc(1, sizeof *arena);
    if (!arena) return NULL;
    arena->allocator = (ProtobufCAllocator){.alloc = allocate, .free = ignore, .allocator_data = arena};
    arena->chunk_size = aligned(chunk_size);
    arena->limit = limit;
    return arena;
}

void causeway_arena_destroy(causeway_arena *arena) {
    chunk *next;
    for (chunk *each = arena->chunks; each; each = next) {
        next = each->next;
        free(each);
    }
    free(arena);
}

static void *refuse(causeway_arena *arena) {
    arena->is_exhausted = 1;
    return NULL;
}

/* Makes room for `payload` bytes; 0 without memory. */
static int add_chunk(causeway_arena *arena, size_t payload) {
    size_t header = aligned(sizeof(chunk));
    if (payload > SIZE_MAX - header) return 0;
    chunk *fresh = malloc(header + payload);
    if (!fresh) return 0;
    fresh->next = arena->chunks;
    arena->chunks = fresh;
    arena->position = (char *)fresh + header;
    arena->left = payload;
    return 1;
}

void *causeway_arena_take(causeway_arena *arena, size_t size) {
    if (size > arena->limit - arena->used) return refuse(arena);
#ifdef SEPARATE_PIECES
    arena->used += size;
    return add_chunk(arena, size) ? arena->position : refuse(arena);
#endif
    size = aligned(size ? size : 1);
    if (size > arena->limit - arena->used) return refuse(arena);
    if (size > arena->left && !add_chunk(arena, size > arena->chunk_size ? size : arena->chunk_size)) {
        return refuse(arena);
    }
    void *result = arena->position;
    arena->position += size;
    arena->left -= size;
    arena->used += size;
    return result;
}

int causeway_arena_is_exhausted(const causeway_arena *arena) { return arena->is_exhausted; }

ProtobufCAllocator *causeway_arena_allocator(causeway_arena *arena) { return &arena->allocator; }
