/* Whole copies of a SQLite database, and whether a file is a sound one. */
#include "db/pd_copy.h"
#include <string.h>

/* Reads one state of the database, and waits for no writer. The copy holds live rows only: nothing
 * of what was deleted. */
static const pd_sql_t copy = {"db_copy", "VACUUM INTO %s", "", "a whole copy in a new file"};
static const pd_sql_t check = {"db_check", "PRAGMA integrity_check(1)", "s",
                               "every page, index and constraint"};
static const pd_sql_t references = {"db_references",
                                    "SELECT COUNT(*) FROM pragma_foreign_key_check", "i",
                                    "rows whose owner is missing"};
static const pd_sql_t one_file = {"db_one_file", "PRAGMA journal_mode=DELETE", "s",
                                  "a file that needs no other beside it"};

apr_status_t pd_db_copy(pd_db_t *db, const char *file, apr_pool_t *p)
{
    const pd_rows_t *none;
    if (pd_db_engine(db) != PD_ENGINE_SQLITE) {
        return APR_ENOTIMPL;
    }
    return pd_db_read(&none, db, &copy, PD_ARGS(PD_T(file)), 1, p);
}

apr_status_t pd_db_check(int *sound, pd_db_t *db, apr_pool_t *p)
{
    const pd_rows_t *rows, *lost = NULL;
    *sound = 0;
    apr_status_t status = pd_db_read(&rows, db, &check, PD_NO_ARGS, 1, p);
    if (!status) {
        status = pd_db_read(&lost, db, &references, PD_NO_ARGS, 1, p);
    }
    *sound = !status && PD_ROW_COUNT(rows) == 1 && strcmp(PD_ROW(rows, 0)[0].text, "ok") == 0 &&
             PD_ROW(lost, 0)[0].number == 0;
    return status;
}

apr_status_t pd_db_one_file(pd_db_t *db, apr_pool_t *p)
{
    const pd_rows_t *rows;
    pd_db_forget_connections(db);
    apr_status_t status = pd_db_read(&rows, db, &one_file, PD_NO_ARGS, 1, p);
    if (!status && (PD_ROW_COUNT(rows) != 1 || strcmp(PD_ROW(rows, 0)[0].text, "delete") != 0)) {
        status = PD_EBUSY;
    }
    pd_db_forget_connections(db);
    return status;
}
