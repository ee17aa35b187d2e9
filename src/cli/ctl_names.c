/* Lists of names: operands, and lines of --file. */
#include "cli/ctl.h"

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define LINE_BYTES_MAX 512
#define NAMES_MAX      2000000

/* Without white space at the ends; empty lines and those that begin with # name nobody. */
static void add_line(apr_array_header_t *names, const char *line, apr_pool_t *p)
{
    apr_size_t length;
    while (apr_isspace(*line)) {
        line++;
    }
    for (length = strlen(line); length > 0 && apr_isspace(line[length - 1]);) {
        length--;
    }
    if (length > 0 && *line != '#') {
        APR_ARRAY_PUSH(names, const char *) = apr_pstrmemdup(p, line, length);
    }
}

static int read_lines(ctl_t *ctl, apr_array_header_t *names, apr_file_t *file)
{
    char line[LINE_BYTES_MAX];
    char reason[120];
    apr_status_t rv;
    while ((rv = apr_file_gets(line, sizeof line, file)) == APR_SUCCESS) {
        if (strlen(line) == sizeof line - 1 || names->nelts == NAMES_MAX) {
            return ctl_fail(ctl, CTL_USAGE, "%s: write one login or e-mail address on each line",
                            ctl->file);
        }
        add_line(names, line, ctl->p);
    }
    return APR_STATUS_IS_EOF(rv) ? CTL_OK
                                 : ctl_fail(ctl, CTL_FAILED, "%s: can't be read: %s", ctl->file,
                                            apr_strerror(rv, reason, sizeof reason));
}

int ctl_names_read(ctl_t *ctl)
{
    apr_file_t *file;
    char reason[120];
    apr_array_header_t *names = apr_array_copy(ctl->p, ctl->operands);
    ctl->baton = names;
    if (!ctl->file) {
        return CTL_OK;
    }
    apr_status_t rv =
        apr_file_open(&file, ctl->file, APR_FOPEN_READ | APR_FOPEN_BUFFERED, 0, ctl->p);
    if (rv) {
        return ctl_fail(ctl, CTL_FAILED, "%s: can't be read: %s", ctl->file,
                        apr_strerror(rv, reason, sizeof reason));
    }
    int code = read_lines(ctl, names, file);
    apr_file_close(file);
    return code;
}
