/*
 * bin/ffprobe: starts the ffmpeg beside it under the name of ffprobe, by which it is one. A link would do the same, but SAM packs
 * what a link leads to, and the layer would hold the program twice.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char name[] = "ffprobe", other[] = "ffmpeg";
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof other);
    char *base = NULL;
    if (length > 0) {
        path[length] = '\0';
        base = strrchr(path, '/');
    }
    if (base && argc > 0) {
        memcpy(base + 1, other, sizeof other);
        argv[0] = name;
        execv(path, argv);
    }
    perror("ffprobe: cannot start the ffmpeg beside it");
    return 127;
}
