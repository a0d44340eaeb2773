// What the machine allows: one process sends DEPTH messages of BODY bytes over a Unix stream socket, another sends each
// of them back. Both block; a message is a 32-bit length and that many bytes.
//
//   rpc_floor BODY ROUNDS DEPTH
//
// Prints as rpc_client does.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 500 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(int who) {
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int read_all(int fd, char *bytes, size_t count) {
    while (count) {
        ssize_t n = read(fd, bytes, count);
        if (n <= 0) return 0;
        bytes += n, count -= (size_t)n;
    }
    return 1;
}

static int order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void serve(int fd, char *buffer) {
    uint32_t length;
    while (read_all(fd, buffer, sizeof length)) {
        memcpy(&length, buffer, sizeof length);
        if (!read_all(fd, buffer + sizeof length, length)) break;
        if (write(fd, buffer, sizeof length + length) < 0) break;
    }
    _exit(0);
}

int main(int argc, char **argv) {
    if (argc < 4) return fputs("rpc_floor BODY ROUNDS DEPTH\n", stderr), 2;
    uint32_t body = (uint32_t)atoi(argv[1]);
    int rounds = atoi(argv[2]), depth = atoi(argv[3]), ends[2];
    if (rounds < 1 || depth < 1 || body > 1 << 20) return 2;
    size_t one = sizeof body + body, all = one * (size_t)depth;
    char *buffer = calloc(1, all);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return perror("socketpair"), 1;
    pid_t child = fork();
    if (child == 0) close(ends[0]), serve(ends[1], buffer);
    close(ends[1]);
    for (int i = 0; i < depth; i++) memcpy(buffer + (size_t)i * one, &body, sizeof body);

    double *took = malloc((size_t)rounds * sizeof *took), begin = 0;
    for (int round = -WARM_UP; round < rounds; round++) {
        if (round == 0) begin = now();
        double start = now();
        if (write(ends[0], buffer, all) != (ssize_t)all || !read_all(ends[0], buffer, all)) return perror("echo"), 1;
        if (round >= 0) took[round] = now() - start;
    }
    double wall = now() - begin, calls = (double)rounds * depth, served = calls + (double)WARM_UP * depth;
    close(ends[0]);
    waitpid(child, NULL, 0);
    qsort(took, (size_t)rounds, sizeof *took, order);
    printf(
        "%-24s depth %2d: p50 %7.1f us  p99 %7.1f us  %8.0f calls/s  CPU %6.2f us a call (server %.2f)\n", "socket floor",
        depth, took[rounds / 2] * 1e6, took[(size_t)(rounds * 0.99)] * 1e6, calls / wall,
        (cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN)) / served * 1e6, cpu(RUSAGE_CHILDREN) / served * 1e6);
}
