// Writes events of a web shop as JSON lines to standard output. An event depends on its number alone.
//
//   events ROWS
//
// cc -O2 -o events events.c
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {"page_view", "page_view", "page_view", "page_view", "click", "click", "search",
                                    "cart", "purchase", "return"};
static const char *const pages[] = {"/", "/prices", "/products/lamps", "/products/chairs", "/sale", "/help", "/blog/light"};
static const char *const agents[] = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
};
static const char *const currencies[] = {"EUR", "EUR", "EUR", "SEK", "PLN", "GBP"};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t draw(uint64_t row, uint64_t column) {
    uint64_t x = row * 0x9e3779b97f4a7c15u + column * 0x8cb92ba72f3d8dd7u;
    for (int round = 0; round < 2; round++) {
        x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    }
    return x ^ (x >> 32);
}

static void print_event(uint64_t row) {
    uint64_t user = draw(row, 1), time = draw(row, 2), place = draw(row, 3);
    printf("{\"event_id\":\"e%010" PRIu64 "\",\"user_id\":\"u%09" PRIu64 "\",\"type\":\"%s\",\"at\":\"2026-%02u-%02uT%02u:%02u:%02uZ\",",
           row, user % 200000, kinds[draw(row, 4) % COUNT(kinds)], (unsigned)(1 + time % 12), (unsigned)(1 + (time >> 8) % 28),
           (unsigned)((time >> 16) % 24), (unsigned)((time >> 24) % 60), (unsigned)((time >> 32) % 60));
    printf("\"context\":{\"page\":\"%s\",\"agent\":\"%s\",\"ip\":\"10.%u.%u.%u\",\"mobile\":%s},",
           pages[place % COUNT(pages)], agents[(place >> 8) % COUNT(agents)], (unsigned)(place >> 16 & 255),
           (unsigned)(place >> 24 & 255), (unsigned)(place >> 32 & 255), place >> 40 & 1 ? "true" : "false");
    printf("\"properties\":{\"value\":%u.%02u,\"currency\":\"%s\",\"items\":%u,\"coupon\":%s}}\n",
           (unsigned)(draw(row, 5) % 400), (unsigned)(draw(row, 6) % 100), currencies[draw(row, 7) % COUNT(currencies)],
           (unsigned)(draw(row, 8) % 9), draw(row, 9) % 8 ? "null" : "\"SPRING\"");
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: events ROWS\n", stderr);
        return 64;
    }
    uint64_t rows = strtoull(arguments[1], NULL, 10);
    for (uint64_t row = 0; row < rows; row++) print_event(row);
    return fflush(stdout) != 0 || ferror(stdout);
}
