// Preloaded into the daemon: widens the instants around each renaming of a master key, so that a kill finds them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to) {
    int (*renamed)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    int is_key = strstr(to, "/master-key") != NULL;
    if (is_key) usleep(300000);
    int result = renamed(from, to);
    if (is_key) usleep(300000);
    return result;
}
