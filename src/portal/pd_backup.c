/* The copy of a backup, and what is done to one that is put back. */
#include "portal/pd_backup.h"
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/pd_clock.h"
#include "base/pd_zone.h"
#include "db/pd_copy.h"
#include "portal/pd_destruction.h"
#include "portal/pd_journal.h"
#include "portal/pd_json_int.h"
#include "portal/pd_line_file_int.h"
#include "portal/pd_role.h"
#include "portal/pd_session.h"
#include "portal/pd_tables_int.h"

#define PAGE 100

enum { KEYLESS, COUNT, LINKS, RECOVERIES, CODES, CLOSINGS, WITHDRAWALS };

const pd_sql_t pd_backup_sql[] = {
    [KEYLESS] = {"backup_keyless",
                 "SELECT id FROM person WHERE data_key = '' AND state <> 'destroyed' AND id > ''"
                 " ORDER BY id LIMIT 100",
                 "s", "people whose keys are gone"},
    [COUNT] = {"backup_keyless_count",
               "SELECT COUNT(*) FROM person WHERE data_key = '' AND state <> 'destroyed'"
               " AND id > ''",
               "i", "how many they are"},
    [LINKS] = {"backup_links", "DELETE FROM link WHERE token > ''", "",
               "links may have been used since"},
    [RECOVERIES] = {"backup_recoveries", "DELETE FROM recovery WHERE id > ''", "",
                    "codes likewise"},
    [CODES] = {"backup_codes", "DELETE FROM factor_code WHERE person_id > ''", "",
               "spare codes likewise"},
    [CLOSINGS] = {"backup_closings", "UPDATE closing SET due_at = %lld WHERE due_at < %lld", "",
                  "who has recalled since can do it again"},
    [WITHDRAWALS] = {"backup_withdrawals",
                     "UPDATE withdrawal SET due_at = %lld WHERE task = 'close' AND done_at = 0"
                     " AND due_at < %lld",
                     "", "who has given the consent again since, likewise"},
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

apr_status_t pd_backup_seal(const pd_portal_t *copy, const char *part, apr_pool_t *p)
{
    apr_status_t status = pd_db_one_file(copy->db, p);
    if (status == APR_SUCCESS)
        status = sync_file(part);
    if (status == APR_SUCCESS)
        unlink(apr_pstrcat(p, part, "-gate", NULL));
    return status;
}

apr_status_t pd_backup_place(const char *part, const char *file, apr_pool_t *p)
{
    if (rename(part, file))
        return APR_FROM_OS_ERROR(errno);
    return pd_folder_sync(file, p);
}

typedef struct note_t {
    const pd_portal_t *portal;
    apr_int64_t number;
    apr_time_t due_at; /* of a restore: the earliest end of a closing */
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
    note_t note = {.portal = portal, .number = keys};
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

apr_status_t pd_backup_keyless(apr_int64_t *people, const pd_portal_t *copy, apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_db_read(&rows, copy->db, &pd_backup_sql[COUNT], PD_NO_ARGS, 1, p);
    *people = status == APR_SUCCESS ? PD_ROW(rows, 0)[0].number : 0;
    return status;
}

static apr_status_t void_secrets(pd_conn_t *conn, apr_pool_t *p)
{
    apr_status_t status = APR_SUCCESS;
    for (int i = LINKS; status == APR_SUCCESS && i <= CODES; i++)
        status = pd_conn_exec(NULL, conn, &pd_backup_sql[i], PD_NO_ARGS, p);
    return status;
}

/* What was recalled after the copy was made is begun again here, and perhaps due: nobody may be
 * destroyed before he had the days of a recall once more. */
static apr_status_t renew_terms(pd_conn_t *conn, const note_t *note, apr_pool_t *p)
{
    const apr_time_t closing = note->due_at, withdrawal = note->due_at + PD_CLOSING_EARLY;
    apr_status_t status = pd_conn_exec(NULL, conn, &pd_backup_sql[CLOSINGS],
                                       PD_ARGS(PD_N(closing), PD_N(closing)), p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_backup_sql[WITHDRAWALS],
                        PD_ARGS(PD_N(withdrawal), PD_N(withdrawal)), p);
}

static apr_status_t settle_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    const note_t *note = baton;
    apr_status_t status = void_secrets(conn, p);
    if (status == APR_SUCCESS)
        status = renew_terms(conn, note, p);
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
    const pd_zone_t *zone;
    note_t note = {.portal = copy, .number = destroyed};
    apr_status_t status = pd_zone_load(&zone, copy->settings->time_zone, p);
    if (status != APR_SUCCESS)
        return status;
    note.due_at = pd_zone_day_end(zone, pd_clock_now(), PD_CLOSING_DAYS);
    status = pd_session_end_all(&removed, copy, p);
    return status == APR_SUCCESS ? pd_db_transact(copy->db, settle_step, &note, p) : status;
}
