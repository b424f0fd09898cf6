/* ffmpeg and ffprobe in one file: which of them runs is decided by the name that it is started by. */
#include <string.h>

int ffmpeg_main(int argc, char **argv);
int ffprobe_main(int argc, char **argv);

int main(int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "";
    const char *slash = strrchr(name, '/');
    if (slash)
        name = slash + 1;
    return strcmp(name, "ffprobe") == 0 ? ffprobe_main(argc, argv) : ffmpeg_main(argc, argv);
}
