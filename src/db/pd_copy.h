/* Copies of a whole SQLite database, for backups. PostgreSQL has tools of its own. */
#ifndef PD_COPY_H
#define PD_COPY_H
#include "db/pd_db.h"

/* Copies one state of the database into `file`, which is empty or isn't there. APR_ENOTIMPL on
 * PostgreSQL. */
apr_status_t pd_db_copy(pd_db_t *db, const char *file, apr_pool_t *p);

/* Looks at every page, index and reference. */
apr_status_t pd_db_check(int *sound, pd_db_t *db, apr_pool_t *p);

/* Brings what stands in the log into the file and does without a log, so that the file can be
 * carried away alone. PD_EBUSY: somebody else has it open. */
apr_status_t pd_db_one_file(pd_db_t *db, apr_pool_t *p);

#endif
