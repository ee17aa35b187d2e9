/* Log facade: formats one bounded line, takes the control characters out of it (nothing that came
 * from outside may forge a second line or steer a terminal) and hands it to the one listener. */
#include "base/pd_log.h"
#include "base/pd_status.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_BYTES_MAX 2048
#define SAY_AGAIN_SECS 60

/* Set at start-up only, before there are threads. */
static pd_log_sink_fn *log_sink;
static void *log_baton;

void pd_log_set_sink(pd_log_sink_fn *sink, void *baton)
{
    log_sink = sink;
    log_baton = baton;
}

static void to_stderr(pd_log_level_e level, apr_status_t status, const char *message)
{
    char reason[128];
    if (level > PD_LOG_WARNING) {
        return;
    }
    const char *word = level <= PD_LOG_ERR ? "error" : "warning";
    if (status) {
        const char *text = pd_status_text(status, reason, sizeof reason);
        fprintf(stderr, "pdportal: %s: %s: %s\n", word, message, text);
    }
    else {
        fprintf(stderr, "pdportal: %s: %s\n", word, message);
    }
}

/* C0, DEL, and C1 in its UTF-8 form become question marks. */
static void disarm(char *line)
{
    for (unsigned char *at = (unsigned char *)line; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            *at = '?';
        }
        else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at[0] = at[1] = '?';
        }
    }
}

void pd_log(pd_log_level_e level, apr_status_t status, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    if (!log_sink && level > PD_LOG_WARNING) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    apr_vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    disarm(line);
    if (log_sink) {
        log_sink(log_baton, level, status, line);
    }
    else {
        to_stderr(level, status, line);
    }
}

int pd_log_due(volatile apr_uint32_t *said)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    apr_uint32_t secs = (apr_uint32_t)now.tv_sec + SAY_AGAIN_SECS; /* never 0 */
    apr_uint32_t last = apr_atomic_read32(said);
    if (last != 0 && secs - last < SAY_AGAIN_SECS) {
        return 0;
    }
    return apr_atomic_cas32(said, secs, last) == last;
}
