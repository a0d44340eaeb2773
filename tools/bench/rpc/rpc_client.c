// Measures unary calls of the frame protocol of proto/causeway/v1/frame.proto, with frames encoded by hand.
//
//   rpc_client SOCKET PID METHOD MESSAGE_HEX ROUNDS DEPTH
//
// Sends DEPTH requests in one write and reads until their Ends are there, ROUNDS times. Prints the median and the 99th
// percentile of a round, calls a second, and the CPU of both sides a call: this process's, and that of the server PID
// as /proc tells it. An End with a code other than 0 ends the program with an error.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 5, WARM_UP = 500 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "rpc_client: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

// Seconds that a process has run, from /proc/PID/stat: in steps of a clock tick, so only long runs tell.
static double server_cpu(const char *pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char *rest = strrchr(text, ')');
    unsigned long user = 0, system = 0;
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) fail(path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static size_t varint(uint8_t *out, uint64_t value) {
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

static size_t field(uint8_t *out, int number, const void *bytes, size_t length) {
    size_t n = varint(out, (uint64_t)(number << 3 | 2));
    n += varint(out + n, length);
    memcpy(out + n, bytes, length);
    return n + length;
}

static size_t frame(uint8_t *out, int body, const uint8_t *message, size_t length) {
    size_t n = field(out + HEADER, body, message, length);
    out[0] = 0;
    out[1] = (uint8_t)(n >> 24), out[2] = (uint8_t)(n >> 16), out[3] = (uint8_t)(n >> 8), out[4] = (uint8_t)n;
    return HEADER + n;
}

static size_t request(uint8_t *out, uint64_t id, const char *method, const uint8_t *message, size_t length) {
    uint8_t body[4096];
    size_t n = varint(body, 1 << 3);
    n += varint(body + n, id);
    n += field(body + n, 2, method, strlen(method));
    if (length) n += field(body + n, 5, message, length);
    return frame(out, 2, body, n);
}

static uint64_t read_varint(const uint8_t **p, const uint8_t *end) {
    uint64_t value = 0;
    for (int shift = 0; *p < end && shift < 64; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    fail("a number that does not end");
    return 0;
}

static uint8_t input[1 << 20];
static size_t have, used;

// Whether a whole frame is at `used`; its length in `*length`.
static int whole(size_t *length) {
    if (have - used < HEADER) return 0;
    const uint8_t *p = input + used;
    *length = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
    return have - used >= HEADER + *length;
}

static void fill(int fd) {
    if (used == have) used = have = 0;
    if (used > sizeof input / 2) memmove(input, input + used, have - used), have -= used, used = 0;
    ssize_t n = read(fd, input + have, sizeof input - have);
    if (n <= 0) errno = n ? errno : 0, fail("the server closed the connection");
    have += (size_t)n;
}

// Takes one frame; returns 1 for the End of a call that succeeded, 0 for any other frame.
static int take(int fd) {
    size_t length;
    while (!whole(&length)) fill(fd);
    const uint8_t *p = input + used + HEADER, *end = p + length;
    used += HEADER + length;
    uint64_t tag = read_varint(&p, end);
    if (tag != (4 << 3 | 2)) {
        if (tag == (9 << 3 | 2)) errno = 0, fail("the server sent a GoAway");
        return 0;
    }
    read_varint(&p, end);
    while (p < end) {
        uint64_t key = read_varint(&p, end), value = read_varint(&p, end);
        if (key == 2 << 3 && value) fprintf(stderr, "rpc_client: call failed with code %d\n", (int)value), exit(1);
        if ((key & 7) == 2) p += value;
    }
    return 1;
}

static int order(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 7) return fputs("rpc_client SOCKET PID METHOD MESSAGE_HEX ROUNDS DEPTH\n", stderr), 2;
    const char *path = argv[1], *pid = argv[2], *method = argv[3], *hex = argv[4];
    int rounds = atoi(argv[5]), depth = atoi(argv[6]);
    uint8_t message[1024];
    size_t length = strlen(hex) / 2;
    if (rounds < 1 || depth < 1 || depth > 256 || length > sizeof message || strlen(method) > 256) return 2;
    for (size_t i = 0; i < length; i++) sscanf(hex + 2 * i, "%2hhx", &message[i]);

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail(path);

    uint8_t *output = malloc((size_t)depth * 2048), body[64];
    size_t n = varint(body, 1 << 3);
    n += varint(body + n, 1);
    n += field(body + n, 2, "rpc_client/1", 12);
    size_t size = frame(output, 1, body, n);
    if (write(fd, output, size) != (ssize_t)size) fail("Hello");
    take(fd);

    double *took = malloc((size_t)rounds * sizeof *took);
    double begin = 0, own = 0, server = 0;
    uint64_t id = 0;
    for (int round = -WARM_UP; round < rounds; round++) {
        if (round == 0) begin = now(), own = own_cpu(), server = server_cpu(pid);
        double start = now();
        size = 0;
        for (int i = 0; i < depth; i++) size += request(output + size, ++id, method, message, length);
        if (write(fd, output, size) != (ssize_t)size) fail("write");
        for (int ends = 0; ends < depth;) ends += take(fd);
        if (round >= 0) took[round] = now() - start;
    }
    double wall = now() - begin, calls = (double)rounds * depth;
    own = own_cpu() - own, server = server_cpu(pid) - server;
    qsort(took, (size_t)rounds, sizeof *took, order);
    const char *name = strrchr(method, '/');
    printf(
        "%-24s depth %2d: p50 %7.1f us  p99 %7.1f us  %8.0f calls/s  CPU %6.2f us a call (server %.2f)\n",
        name ? name + 1 : method, depth, took[rounds / 2] * 1e6, took[(size_t)(rounds * 0.99)] * 1e6, calls / wall,
        (own + server) / calls * 1e6, server / calls * 1e6);
}
