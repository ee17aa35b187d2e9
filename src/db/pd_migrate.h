/* Schema versions. Migrations are numbered files in src/db/migrations, 0001-name.sql, one dialect
 * for both engines, carried inside the archive; each runs in one transaction under a lock and is
 * recorded in schema_version(number, name, applied_at). Kill it at any moment: it resumes. */
#ifndef PD_MIGRATE_H
#define PD_MIGRATE_H
#include "db/pd_db.h"

typedef struct pd_migration_t {
    int number;
    const char *name;
    const char *sql;
} pd_migration_t;

/* The program's migrations in order, ended by number 0. */
extern const pd_migration_t pd_migrations[];

/* The schema version this program wants. */
int pd_migrate_wanted(void);

/* What the database has (0: empty). */
apr_status_t pd_migrate_current(int *version, pd_db_t *db, apr_pool_t *p);

/* Brings the schema up to date; `db` opened with check_schema off. `applied` tells how many ran.
 * PD_ESCHEMA with `why`: the database is newer than this program. */
apr_status_t pd_migrate_apply(int *applied, const char **why, pd_db_t *db, apr_pool_t *p);

#endif
