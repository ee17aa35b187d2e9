/* Making and ending a connection. Its settings are set, then read back: a driver or a file system
 * that quietly didn't do as told (no WAL on a network disk) is refused instead of trusted. Never
 * PRAGMA busy_timeout: the driver holds a process-wide mutex over SQLite's own wait, so the writer
 * that others wait for could not go on. Never apr_dbd_check_conn either: on a lost connection of
 * PostgreSQL it resets, which hands back another session under the same handle. */
#include "db/pd_db_int.h"
#include "db/pd_migrate.h"
#include "base/pd_log.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <apr_strings.h>

/* SQLite: what to set, how to ask for it, what it must answer. */
typedef struct setting_t {
    const char *set;
    pd_sql_t get;
    const char *want;
} setting_t;

static const setting_t sqlite_settings[] = {
    {"PRAGMA journal_mode=WAL",
     {"db_journal_mode", "PRAGMA journal_mode", "s", "readers never wait for a writer"},
     "wal"},
    {"PRAGMA synchronous=FULL",
     {"db_synchronous", "PRAGMA synchronous", "s", "a commit is on the disk when it returns"},
     "2"},
    {"PRAGMA foreign_keys=ON",
     {"db_foreign_keys", "PRAGMA foreign_keys", "s", "references hold"},
     "1"},
    {"PRAGMA secure_delete=ON",
     {"db_secure_delete", "PRAGMA secure_delete", "s", "deleted is overwritten"},
     "1"},
};
#define N_SQLITE_SETTINGS (sizeof(sqlite_settings) / sizeof(sqlite_settings[0]))

static const pd_sql_t pgsql_settings = {
    "db_settings",
    "SELECT current_setting('server_encoding'), current_setting('client_encoding'), "
    "current_setting('synchronous_commit'), current_setting('lc_messages'), "
    "current_setting('lock_timeout'), current_setting('statement_timeout')",
    "ssssss", "settings this room relies on"};

/* Pages are read from the file as it lies in the system's memory, not copied one by one: among a
 * million people nearly each page asked for is not in SQLite's own cache. As much as SQLite maps at
 * most, which may be nothing; what lies behind is read. Writing is as ever. A disk that can't be
 * read ends the process by SIGBUS instead of the request: httpd begins another. */
static const char map_file[] = "PRAGMA mmap_size=2147418112";

static apr_status_t refuse(pd_db_t *db, const char *name, const char *found)
{
    if (pd_db_may_say(db, PD_SAY_SETTING)) {
        pd_log(PD_LOG_ERR, 0, "PD0300: connection refused, the database's setting %s is %s", name,
               found);
    }
    return PD_ESQL;
}

/* By select, because some of them answer with a row, which a query would report as an error. */
static apr_status_t tell_sqlite(pd_conn_t *conn, const char *pragma, const char *label)
{
    apr_dbd_results_t *ignored = NULL;
    int failed = apr_dbd_select(conn->db->driver, conn->scratch, conn->handle, &ignored, pragma, 1);
    return failed ? pd_conn_fail(conn, label) : APR_SUCCESS;
}

static apr_status_t settle_sqlite(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    /* All are set before any is asked for: a PRAGMA that changes something outdates statements. */
    for (apr_size_t i = 0; i < N_SQLITE_SETTINGS; i++) {
        apr_status_t status =
            tell_sqlite(conn, sqlite_settings[i].set, sqlite_settings[i].get.label);
        if (status) {
            return status;
        }
    }
    for (apr_size_t i = 0; i < N_SQLITE_SETTINGS; i++) {
        const setting_t *setting = &sqlite_settings[i];
        const pd_rows_t *rows;
        apr_status_t status = pd_conn_read(&rows, conn, &setting->get, PD_NO_ARGS, 1, conn->pool);
        if (status) {
            return status;
        }
        const char *found = PD_ROW_COUNT(rows) ? PD_ROW(rows, 0)[0].text : "unknown";
        if (strcmp(found, setting->want)) {
            return refuse(db, setting->get.label, found);
        }
    }
    return sizeof(void *) >= 8 ? tell_sqlite(conn, map_file, "db_map_file") : APR_SUCCESS;
}

static apr_status_t settle_pgsql(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pgsql_settings, PD_NO_ARGS, 1, conn->pool);
    if (status) {
        return status;
    }
    const pd_cell_t *row = PD_ROW(rows, 0);
    if (strcmp(row[0].text, "UTF8")) {
        return refuse(db, "server_encoding", row[0].text);
    }
    if (strcmp(row[1].text, "UTF8")) {
        return refuse(db, "client_encoding", row[1].text);
    }
    if (!strcmp(row[2].text, "off")) {
        return refuse(db, "synchronous_commit", row[2].text);
    }
    /* Without them a lock that is never given back stops every worker; 0 is none. */
    if (!strcmp(row[4].text, "0")) {
        return refuse(db, "lock_timeout", "0, no limit (a pooler may have dropped our options)");
    }
    if (!strcmp(row[5].text, "0")) {
        return refuse(db, "statement_timeout",
                      "0, no limit (a pooler may have dropped our options)");
    }
    /* apr_dbd gives no SQLSTATE, so deadlocks and time-outs are known by their English message;
     * only a superuser may set its language. */
    const char *language = row[3].text;
    if (language[0] && strcmp(language, "POSIX") && language[0] != 'C' &&
        strncmp(language, "en", 2) && pd_db_may_say(db, PD_SAY_LANGUAGE)) {
        pd_log(
            PD_LOG_WARNING, 0,
            "PD0301: the database server's lc_messages is %s: a deadlock will not be tried again; "
            "set it to C for this role",
            language);
    }
    return APR_SUCCESS;
}

/* A new file gets its mode before SQLite sees it (-wal and -shm inherit it). An existing one is
 * never opened here: closing a second descriptor would drop the locks SQLite holds in this process.
 */
static apr_status_t find_file(pd_db_t *db)
{
    struct stat info;
    int found = stat(db->file, &info) == 0;
    if (!found && errno == ENOENT && !db->check_schema) {
        int made = open(db->file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (made >= 0) {
            close(made);
        }
        found = stat(db->file, &info) == 0;
    }
    if (found && S_ISREG(info.st_mode)) {
        return APR_SUCCESS;
    }
    apr_status_t error = found ? APR_EINVAL : APR_FROM_OS_ERROR(errno);
    if (APR_STATUS_IS_ENOENT(error) && db->check_schema) {
        if (pd_db_may_say(db, PD_SAY_SCHEMA)) {
            pd_log(
                PD_LOG_ERR, error,
                "PD0302: there is no database %s: make it with pdportalctl init, or bring it back",
                db->file);
        }
        return PD_ESCHEMA;
    }
    if (pd_db_may_say(db, PD_SAY_UNREACHABLE)) {
        pd_log(PD_LOG_ERR, error, "PD0303: the database file %s can't be used", db->file);
    }
    return PD_EAWAY;
}

static apr_status_t open_handle(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    const char *error = NULL;
    apr_status_t status = db->engine == PD_ENGINE_SQLITE ? find_file(db) : APR_SUCCESS;
    if (status) {
        return status;
    }
    if (apr_dbd_open_ex(db->driver, conn->pool, db->params, &conn->handle, &error)) {
        conn->handle = NULL;
        if (pd_db_may_say(db, PD_SAY_UNREACHABLE)) {
            pd_log(PD_LOG_ERR, 0, "PD0304: the database can't be reached: %.*s",
                   error ? (int)strcspn(error, "\r\n") : 10, error ? error : "no reason");
        }
        return PD_EAWAY;
    }
    return APR_SUCCESS;
}

apr_status_t pd_conn_check_schema(pd_conn_t *conn)
{
    pd_db_t *db = conn->db;
    apr_pool_t *scratch;
    int version = 0;
    apr_status_t status = apr_pool_create(&scratch, conn->pool);
    if (!status) {
        status = pd_migrate_look(&version, conn, scratch);
        apr_pool_destroy(scratch);
    }
    conn->checked_at = pd_clock_ticks();
    if (status || version == pd_migrate_wanted()) {
        return status;
    }
    if (pd_db_may_say(db, PD_SAY_SCHEMA)) {
        pd_log(PD_LOG_ERR, 0,
               "PD0305: the database's schema is version %d, this program wants %d: %s", version,
               pd_migrate_wanted(),
               version < pd_migrate_wanted() ? "run pdportalctl migrate" : "update this program");
    }
    return PD_ESCHEMA;
}

apr_status_t pd_connect(pd_conn_t **conn, pd_db_t *db)
{
    apr_pool_t *pool;
    *conn = NULL;
    apr_status_t status = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    if (status) {
        return status;
    }
    pd_conn_t *made = apr_pcalloc(pool, sizeof(*made));
    made->db = db;
    made->pool = pool;
    made->statements = apr_hash_make(pool);
    status = apr_pool_create(&made->scratch, pool);
    if (!status) {
        status = open_handle(made);
    }
    if (!status) {
        status = db->engine == PD_ENGINE_SQLITE ? settle_sqlite(made) : settle_pgsql(made);
    }
    if (!status && db->check_schema) {
        status = pd_conn_check_schema(made);
    }
    if (status) {
        pd_disconnect(made);
        return status;
    }
    *conn = made;
    return APR_SUCCESS;
}

void pd_disconnect(pd_conn_t *conn)
{
    apr_pool_destroy(conn->scratch);
    if (conn->handle) {
        apr_dbd_close(conn->db->driver, conn->handle);
    }
    apr_pool_destroy(conn->pool);
}
