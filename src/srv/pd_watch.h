/* Jobs on mod_watchdog: one thread of one child runs them for all sites. */
#ifndef PD_WATCH_H
#define PD_WATCH_H
#include <httpd.h>

/* Registers the watchdog; without mod_watchdog the start fails with a line that says so. */
int pd_watch_post_config(apr_pool_t *pconf, server_rec *base);

#endif
