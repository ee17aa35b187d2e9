/* A main for fuzz targets built without libFuzzer: runs the target once over each file named, so
 * that the seeds, and every input that once broke something, stay tested on each build. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length = -1;
    if (file && !fseek(file, 0, SEEK_END)) {
        length = ftell(file);
        rewind(file);
    }
    if (length >= 0) {
        bytes = malloc((size_t)length + (length == 0));
    }
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        fprintf(stderr, "%s: can't be read\n", path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, (size_t)length);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]);
        fflush(stdout);
        if (replay(argv[i])) {
            return 1;
        }
    }
    return 0;
}
