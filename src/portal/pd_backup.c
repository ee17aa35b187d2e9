/* The copy of a backup, and what is done to one that is put back. */
#include "portal/pd_backup.h"
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/pd_clock.h"
#include "db/pd_copy.h"
#include "portal/pd_destruction.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_line_file_int.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"
#include "portal/pd_tables_int.h"

#define PAGE 100

enum { KEYLESS, LINKS, RECOVERIES };

const pd_sql_t pd_backup_sql[] = {
    [KEYLESS] = {"backup_keyless",
                 "SELECT id FROM person WHERE data_key = '' AND state <> 'destroyed' AND id > ''"
                 " ORDER BY id LIMIT 100",
                 "s", "people whose keys are gone"},
    [LINKS] = {"backup_links", "DELETE FROM link WHERE token > ''", "",
               "links may have been used since"},
    [RECOVERIES] = {"backup_recoveries", "DELETE FROM recovery WHERE id > ''", "",
                    "codes likewise"},
    {NULL, NULL, NULL, NULL}};

/* With its mode before anything stands in it. What an interrupted run left goes. */
static apr_status_t make_empty(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return APR_FROM_OS_ERROR(errno);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return APR_FROM_OS_ERROR(errno);
    close(fd);
    return APR_SUCCESS;
}

apr_status_t pd_backup_copy(const pd_portal_t *portal, const char *part, apr_pool_t *p)
{
    apr_status_t status = make_empty(part);
    return status == APR_SUCCESS ? pd_db_copy(portal->db, part, p) : status;
}

apr_status_t pd_backup_open(pd_portal_t *copy, const pd_portal_t *portal, const char *part,
                            int check_schema, apr_pool_t *p)
{
    const char *why;
    const pd_db_options_t options = {.driver = "sqlite3",
                                     .params = part,
                                     .connections_max = 2,
                                     .wait = portal->settings->database_wait,
                                     .check_schema = check_schema};
    *copy = (pd_portal_t){.settings = portal->settings, .keys = portal->keys};
    return pd_db_open(&copy->db, &why, &options, p);
}

static apr_status_t sync_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return APR_FROM_OS_ERROR(errno);
    apr_status_t status = fsync(fd) ? APR_FROM_OS_ERROR(errno) : APR_SUCCESS;
    close(fd);
    return status;
}

apr_status_t pd_backup_finish(const pd_portal_t *copy, const char *part, const char *file,
                              apr_pool_t *p)
{
    apr_status_t status = pd_db_one_file(copy->db, p);
    if (status == APR_SUCCESS)
        status = sync_file(part);
    if (status != APR_SUCCESS)
        return status;
    unlink(apr_pstrcat(p, part, "-gate", NULL));
    if (rename(part, file))
        return APR_FROM_OS_ERROR(errno);
    return pd_folder_sync(file, p);
}

typedef struct note_t {
    const pd_portal_t *portal;
    apr_int64_t number;
} note_t;

static apr_status_t note_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const note_t *note = baton;
    const char *details = pd_json_text(
        json_pack("{s:I, s:s}", "keys", (json_int_t)note->number, "by", PD_ROLE_BY_PROGRAM), p);
    return pd_journal_add(conn, note->portal, PD_EVENT_BACKUP_MADE, "", details, NULL, p);
}

apr_status_t pd_backup_note(const pd_portal_t *portal, apr_int64_t keys, apr_pool_t *p)
{
    note_t note = {portal, keys};
    return pd_db_transact(portal->db, note_step, &note, p);
}

static apr_status_t destroy_page(int *found, apr_int64_t *people, const pd_portal_t *copy,
                                 apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, copy->db, &pd_backup_sql[KEYLESS], PD_NO_ARGS, PAGE, p);
    *found = status == APR_SUCCESS ? PD_ROW_COUNT(rows) : 0;
    for (int i = 0; status == APR_SUCCESS && i < *found; i++) {
        int done;
        const pd_destruction_t one = {.person_id = PD_ROW(rows, i)[0].text,
                                      .destroyed_at = pd_clock_now()};
        status = pd_destruction_repeat(&done, copy, &one, p);
        *people += status == APR_SUCCESS && done;
    }
    return status;
}

apr_status_t pd_backup_destroy_keyless(apr_int64_t *people, const pd_portal_t *copy, apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_status_t status;
    int found;
    *people = 0;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        status = destroy_page(&found, people, copy, scratch);
    } while (status == APR_SUCCESS && found == PAGE);
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t settle_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const note_t *note = baton;
    apr_status_t status = pd_conn_exec(NULL, conn, &pd_backup_sql[LINKS], PD_NO_ARGS, p);
    if (status == APR_SUCCESS)
        status = pd_conn_exec(NULL, conn, &pd_backup_sql[RECOVERIES], PD_NO_ARGS, p);
    if (status != APR_SUCCESS)
        return status;
    const char *details = pd_json_text(
        json_pack("{s:I, s:s}", "destroyed", (json_int_t)note->number, "by", PD_ROLE_BY_PROGRAM),
        p);
    return pd_journal_add(conn, note->portal, PD_EVENT_BACKUP_RESTORED, "", details, NULL, p);
}

apr_status_t pd_backup_settle(const pd_portal_t *copy, apr_int64_t destroyed, apr_pool_t *p)
{
    int removed;
    note_t note = {copy, destroyed};
    apr_status_t status = pd_session_end_all(&removed, copy, p);
    return status == APR_SUCCESS ? pd_db_transact(copy->db, settle_step, &note, p) : status;
}
