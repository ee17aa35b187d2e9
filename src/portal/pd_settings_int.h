/* Between the files of the settings; not for others. */
#ifndef PD_SETTINGS_INT_H
#define PD_SETTINGS_INT_H
#include "portal/pd_settings.h"

/* "30min", as an administrator would write it. */
const char *pd_settings_time_text(apr_int64_t time, apr_pool_t *p);

/* "64M" likewise. */
const char *pd_settings_bytes_text(apr_int64_t bytes, apr_pool_t *p);

/* May a host be called so in the journal? */
#define PD_HOST_NAME_BYTES 256
int pd_settings_host_good(const char *name);

/* pd_settings_read_file for a text in memory, which is cut up in place; `path` is for messages. */
const char *pd_settings_read_text(pd_settings_t *settings, const char *path, char *text,
                                  apr_pool_t *p);

#endif
