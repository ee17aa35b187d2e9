/* What was found out about a visitor, for the access log: %{person}^pd, %{session}^pd and
 * %{cache}^pd. */
#ifndef PD_LOG_TAG_H
#define PD_LOG_TAG_H
#include <apr_pools.h>

/* Hook: announces the tag to mod_log_config before LogFormat is read. */
void pd_log_tag_register(apr_pool_t *p);

#endif
