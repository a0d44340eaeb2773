#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/*
 * Memory that is taken piece by piece and given back at once, with a cap.
 *
 * protobuf-c turns two bytes of wire into hundreds of memory; over the cap the arena answers NULL, which protobuf-c
 * reports as a failed unpack. Not thread safe.
 */
typedef struct causeway_arena causeway_arena;

/* An arena that takes `chunk` bytes of memory at a time and gives out at most `limit`; NULL without memory. */
causeway_arena *causeway_arena_create(size_t chunk, size_t limit);

/* Gives back everything that came from the arena, and the arena. */
void causeway_arena_destroy(causeway_arena *arena);

/* `size` bytes aligned for any type, not cleared; NULL over the limit. */
void *causeway_arena_take(causeway_arena *arena, size_t size);

/* Whether a request was refused, for the limit or for want of memory. */
int causeway_arena_is_exhausted(const causeway_arena *arena);

/* Takes from the arena; freeing does nothing. Lives as long as the arena. */
ProtobufCAllocator *causeway_arena_allocator(causeway_arena *arena);
