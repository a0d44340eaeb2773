// Writes customer profiles as CSV to standard output. A row depends on its number and its version alone.
//
//   profiles load ROWS [shuffled]      rows 0 to ROWS - 1, in the order of their ids or out of it
//   profiles update ROWS [shuffled]    ROWS / 4 rows: of each five, four are new versions of rows of the load and one
//                                      is new
//
// cc -O2 -o profiles profiles.c
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const given_names[] = {
    "Aino", "Bogdan", "Chloé", "Dagny", "Élise", "Farid", "Gwen", "Hiroshi", "Inga", "José", "Kofi", "Lucía", "Marek",
    "Noor", "Óscar", "Päivi", "Rosa", "Şirin", "Tomás", "Ulla", "Vera", "Wojciech", "Xu", "Yusuf", "Zuzana",
};
static const char *const family_names[] = {
    "Andersson", "Bianchi", "Castro", "D'Angelo", "Eriksen", "Fernández", "Grün", "Horvát", "Ito", "Jansen", "Köhler",
    "Le Goff", "Mbeki", "Nowak", "O'Neill", "Pereira", "Quispe", "Rahman", "Šimek", "van Dijk", "Yılmaz",
};
static const char *const plans[] = {"free", "free", "free", "free", "basic", "basic", "pro", "enterprise"};
static const char *const words[] = {
    "asked", "for", "an", "offer", "by", "phone", "after", "the", "trade", "fair", "likes", "blue", "wants", "monthly",
    "invoices", "in", "São", "Paulo", "or", "東京", "returned", "one", "parcel",
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

// A well-mixed number of (row, version, column).
static uint64_t draw(uint64_t row, uint64_t version, uint64_t column) {
    uint64_t x = row * 0x9e3779b97f4a7c15u + version * 0xd1b54a32d192ed03u + column * 0x8cb92ba72f3d8dd7u;
    for (int round = 0; round < 2; round++) {
        x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    }
    return x ^ (x >> 32);
}

// Some countries have many customers, most have few: a product of two draws leans towards the low ones.
static unsigned country(uint64_t number) {
    return (unsigned)((number & 0xffff) * (number >> 16 & 0xffff) * 200 >> 32);
}

// The civil date of a day since 1970-01-01.
static void print_date(int64_t day) {
    int64_t shifted = day + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t in_month = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    printf("%04" PRId64 "-%02" PRId64 "-%02" PRId64, year + era * 400 + (month <= 2), month, in_month);
}

// Empty for two rows of five; a quarter of the others is quoted, for a comma, a quotation mark or a line break.
static void print_note(uint64_t number) {
    if (number % 5 < 2) return;
    unsigned style = number >> 8 & 15;
    unsigned length = 3 + (number >> 12) % 10;
    if (style < 4) putchar('"');
    for (unsigned i = 0; i < length; i++) {
        const char *word = words[draw(number, 0, i) % COUNT(words)];
        if (i > 0) fputs(style < 2 && i == 2 ? ", " : style == 2 && i == 2 ? "\n" : " ", stdout);
        printf(style == 3 && i == 1 ? "\"\"%s\"\"" : "%s", word);
    }
    if (style < 4) putchar('"');
}

static void print_row(uint64_t id, uint64_t version) {
    uint64_t signup = draw(id, 0, 1), changing = draw(id, version, 2), home = draw(id, 0, 3);
    printf("u%09" PRIu64 ",customer%" PRIu64 "@mail%" PRIu64 ".example,%s,%s,%c%c,", id, draw(id, 0, 4) % 100000000,
           home >> 32 & 63, given_names[draw(id, 0, 5) % COUNT(given_names)],
           family_names[draw(id, 0, 6) % COUNT(family_names)], 'A' + country(home) / 26, 'A' + country(home) % 26);
    print_date(18993 + (int64_t)(signup % 1461));
    printf("T%02u:%02u:%02uZ,", (unsigned)(signup >> 16) % 24, (unsigned)(signup >> 24) % 60,
           (unsigned)(signup >> 32) % 60);
    print_date(-7305 + (int64_t)(draw(id, 0, 7) % 20000));
    printf(",%s,%" PRIu64 ".%03" PRIu64 ",%" PRIu64 ",%s,", plans[changing % COUNT(plans)], (changing >> 8) % 100,
           (changing >> 16) % 1000, (changing >> 30) % 5000, changing >> 50 & 1 ? "true" : "false");
    print_note(draw(id, version, 8));
    putchar('\n');
}

static void print_update(uint64_t i, uint64_t rows) {
    uint64_t group = i / 5;
    if (i % 5 == 4) print_row(rows + group, 1);
    else print_row((i - group) * 5 + draw(i, 1, 9) % 5, 1);
}

// The place of row `i` among `count`: a stride that has no divisor in common with the count visits each place once,
// and far from the one before.
static uint64_t place(uint64_t i, uint64_t count) {
    uint64_t stride = count * 0.6180339887 + 1;
    for (;; stride++) {
        uint64_t a = stride, b = count;
        while (b) {
            uint64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) return (uint64_t)((unsigned __int128)i * stride % count);
    }
}

int main(int count, char **arguments) {
    int is_update = count >= 3 && strcmp(arguments[1], "update") == 0;
    int is_shuffled = count == 4 && strcmp(arguments[3], "shuffled") == 0;
    if (count - is_shuffled != 3 || (!is_update && strcmp(arguments[1], "load") != 0)) {
        fputs("usage: profiles load|update ROWS [shuffled]\n", stderr);
        return 64;
    }
    uint64_t rows = strtoull(arguments[2], NULL, 10), printed = is_update ? rows / 4 : rows;
    puts("id,email,first_name,last_name,country,signup_at,birth_date,plan,score,visits,newsletter,notes");
    for (uint64_t i = 0; i < printed; i++) {
        uint64_t row = is_shuffled ? place(i, printed) : i;
        if (is_update) print_update(row, rows);
        else print_row(row, 0);
    }
    return fflush(stdout) != 0 || ferror(stdout);
}
