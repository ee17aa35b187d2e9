/* Jobs on mod_watchdog: for each site one thread of one child runs them. */
#ifndef PD_WATCH_H
#define PD_WATCH_H
#include <httpd.h>

/* Registers the watchdog; without mod_watchdog the start fails with a line that says so. */
int pd_watch_post_config(apr_pool_t *pconf, server_rec *base);

/* In each child: its end waits for the jobs at work, which break off. */
void pd_watch_child_init(apr_pool_t *pchild);

#endif
