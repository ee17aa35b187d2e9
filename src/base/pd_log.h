/* Log facade of the core: core code logs without knowing who listens. Level numbers equal httpd's,
 * so the bridge is a cast. Messages begin with a tag of our own, "PD0042: ...", one per place and
 * never reused (from debug up). Never hand in a password, token, cookie, address, mail or form
 * value; name people by their random id. */
#ifndef PD_LOG_H
#define PD_LOG_H
#include <apr_errno.h>

typedef enum {
    PD_LOG_ERR = 3,
    PD_LOG_WARNING = 4,
    PD_LOG_NOTICE = 5,
    PD_LOG_INFO = 6,
    PD_LOG_DEBUG = 7,
    PD_LOG_TRACE = 8
} pd_log_level_e;

/* `message` is a finished line without a line end; valid during the call only. */
typedef void pd_log_sink_fn(void *baton, pd_log_level_e level, apr_status_t status,
                            const char *message);

/* Sets the listener; start-up only. Without one, warnings and worse go to stderr. */
void pd_log_set_sink(pd_log_sink_fn *sink, void *baton);

/* For lines that a lasting trouble would repeat at every request: true at first, and then once a
 * minute. `said` begins as 0 and belongs to one kind of line. Any thread. */
int pd_log_due(volatile apr_uint32_t *said);

/* Formats (bounded, APR's formats) and hands over. `status` 0 where there is none. Any thread. */
void pd_log(pd_log_level_e level, apr_status_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
