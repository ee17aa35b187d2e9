/* Bringing the schema up to date: one transaction per migration, holding the engine's lock from
 * before the version is read until it is written, so that two runs at once apply each once and a
 * killed one leaves nothing half done. */
#include "db/pd_migrate.h"
#include "db/pd_db_int.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* Any constant; "pdportal" as bytes. */
#define MIGRATION_LOCK APR_INT64_C(0x7064706f7274616c)

static const pd_sql_t sqlite_has_table = {
    "db_schema_table_sqlite",
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'", "i",
    "is there a schema at all"};
static const pd_sql_t pgsql_has_table = {
    "db_schema_table_pgsql",
    "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_version')", "i",
    "is there a schema at all"};
static const pd_sql_t version_read = {"db_schema_version",
                                      "SELECT COALESCE(max(number), 0) FROM schema_version", "i",
                                      "the schema's version"};
static const pd_sql_t version_insert = {
    "db_schema_applied",
    "INSERT INTO schema_version (number, name, applied_at) VALUES (%lld, %s, %lld)", "",
    "records a migration"};
static const pd_sql_t pgsql_lock = {"db_schema_lock", "SELECT pg_advisory_xact_lock(%lld)", "s",
                                    "one migration at a time, until the transaction ends"};

static const char version_table[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                    "number BIGINT PRIMARY KEY, "
                                    "name TEXT NOT NULL, "
                                    "applied_at BIGINT NOT NULL)";

int pd_migrate_wanted(void)
{
    int wanted = 0;
    for (const pd_migration_t *migration = pd_migrations; migration->number; migration++) {
        wanted = migration->number;
    }
    return wanted;
}

apr_status_t pd_migrate_look(int *version, pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *rows;
    int sqlite = conn->db->engine == PD_ENGINE_SQLITE;
    *version = 0;
    apr_status_t status =
        pd_conn_read(&rows, conn, sqlite ? &sqlite_has_table : &pgsql_has_table, PD_NO_ARGS, 1, p);
    if (status || !PD_ROW(rows, 0)[0].number) {
        return status;
    }
    status = pd_conn_read(&rows, conn, &version_read, PD_NO_ARGS, 1, p);
    if (!status) {
        *version = (int)PD_ROW(rows, 0)[0].number;
    }
    return status;
}

/* The next statement, without comments and outer spaces; NULL at the end. A semicolon or two dashes
 * inside a quoted text are text. The file's language has no other quoting than ''. */
static char *next_statement(const char **cursor, apr_pool_t *p)
{
    char *statement = apr_palloc(p, strlen(*cursor) + 1);
    char *end = statement;
    int quoted = 0;
    const char *c = *cursor;
    for (; *c && (quoted || *c != ';'); c++) {
        if (!quoted && c[0] == '-' && c[1] == '-') {
            c += strcspn(c, "\n");
            if (!*c) {
                break;
            }
        }
        quoted ^= *c == '\'';
        if (end != statement || !apr_isspace(*c)) {
            *end++ = *c;
        }
    }
    *cursor = *c ? c + 1 : c;
    while (end != statement && apr_isspace(end[-1])) {
        end--;
    }
    *end = '\0';
    return *statement || *c ? statement : NULL;
}

static apr_status_t run_file(pd_conn_t *conn, const pd_migration_t *migration, apr_pool_t *p)
{
    const char *cursor = migration->sql;
    const char *statement;
    while ((statement = next_statement(&cursor, p))) {
        apr_status_t status = *statement ? pd_conn_run(conn, migration->name, statement) : 0;
        if (status) {
            return status;
        }
    }
    apr_hash_clear(conn->statements); /* prepared before this migration, so outdated */
    return pd_conn_exec(
        NULL, conn, &version_insert,
        PD_ARGS(PD_N(migration->number), PD_T(migration->name), PD_N(pd_clock_now())), p);
}

static apr_status_t lock_schema(pd_conn_t *conn, apr_pool_t *p)
{
    const pd_rows_t *rows;
    if (conn->db->engine == PD_ENGINE_SQLITE) {
        return APR_SUCCESS; /* the gate and BEGIN IMMEDIATE */
    }
    apr_status_t status =
        pd_conn_read(&rows, conn, &pgsql_lock, PD_ARGS(PD_N(MIGRATION_LOCK)), 1, p);
    /* A migration may take longer than any statement of a request. */
    return status ? status : pd_conn_run(conn, "db_no_timeout", "SET LOCAL statement_timeout = 0");
}

typedef struct progress_t {
    int version;                /* found */
    const pd_migration_t *done; /* in this transaction; NULL: nothing was left */
} progress_t;

static apr_status_t apply_next(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    progress_t *progress = baton;
    progress->done = NULL;
    apr_status_t status = lock_schema(conn, p);
    if (!status) {
        status = pd_conn_run(conn, "db_schema_table", version_table);
    }
    apr_hash_clear(conn->statements);
    if (!status) {
        status = pd_migrate_look(&progress->version, conn, p);
    }
    if (status) {
        return status;
    }
    const pd_migration_t *migration = pd_migrations;
    while (migration->number && migration->number <= progress->version) {
        migration++;
    }
    if (!migration->number) {
        return APR_SUCCESS;
    }
    progress->done = migration;
    return run_file(conn, migration, p);
}

apr_status_t pd_migrate_current(int *version, pd_db_t *db, apr_pool_t *p)
{
    pd_conn_t *conn;
    *version = 0;
    apr_status_t status = pd_lend(&conn, db, pd_clock_ticks() + db->wait);
    if (status) {
        return status;
    }
    status = pd_migrate_look(version, conn, p);
    pd_return(conn);
    return status;
}

apr_status_t pd_migrate_apply(int *applied, const char **why, pd_db_t *db, apr_pool_t *p)
{
    progress_t progress = {0, NULL};
    *applied = 0;
    *why = NULL;
    for (;;) {
        apr_status_t status = pd_db_transact(db, apply_next, &progress, p);
        if (status) {
            *why = progress.done
                       ? apr_psprintf(p, "migration %d (%s) failed, nothing of it is kept",
                                      progress.done->number, progress.done->name)
                       : "the database's schema can't be read or locked";
            return status;
        }
        if (!progress.done) {
            break;
        }
        ++*applied;
        pd_log(PD_LOG_NOTICE, 0, "PD0330: the database's schema is now version %d (%s)",
               progress.done->number, progress.done->name);
    }
    /* Connections of before hold statements of the old schema. */
    pd_db_forget_connections(db);
    if (progress.version > pd_migrate_wanted()) {
        *why = apr_psprintf(p, "the database's schema is version %d, this program knows only %d",
                            progress.version, pd_migrate_wanted());
        return PD_ESCHEMA;
    }
    return APR_SUCCESS;
}
