/* The list of destroyed people outside the database, by which a restored one learns whom it must
 * not have any more.
 *
 *   pdportal-destroyed 1
 *   <person id> <instant>       one line each, in the order in which they were added
 *
 * An id is a random number: it led to a name only by what was destroyed. */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include "base/pd_status.h"
#include "portal/pd_backup.h"
#include "portal/pd_destruction.h"
#include "portal/pd_line_file_int.h"
#include "portal/pd_tables_int.h"

#define HEAD           "pdportal-destroyed 1"
#define LINE_MAX_BYTES 128

enum { STATE };

const pd_sql_t pd_destroyed_sql[] = {
    [STATE] = {"destroyed_state", "SELECT state FROM person WHERE id = %s AND state <> 'destroyed'",
               "s", "is somebody there who should not be?"},
    {NULL, NULL, NULL, NULL}};

typedef apr_status_t each_line_fn(void *baton, const char *id, apr_time_t at);

/* "ID INSTANT"; cuts the line in two. */
static int parse(apr_time_t *at, char *line)
{
    char *end, *instant = strchr(line, ' ');
    if (instant == NULL || instant == line)
        return 0;
    *instant++ = '\0';
    *at = apr_strtoi64(instant, &end, 10);
    return end != instant && *end == '\0';
}

/* Every line of a file; of one that is not there none. */
static apr_status_t read_list(const char *path, each_line_fn *each, void *baton)
{
    FILE *file;
    char line[LINE_MAX_BYTES];
    apr_time_t at;
    apr_status_t status = pd_line_file_open(&file, path);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS;
    if (status != APR_SUCCESS)
        return status;
    status = pd_line_file_read(line, sizeof(line), file);
    if (status != APR_SUCCESS || strcmp(line, HEAD) != 0)
        status = PD_ETEXT;
    while (status == APR_SUCCESS) {
        status = pd_line_file_read(line, sizeof(line), file);
        if (status == APR_SUCCESS)
            status = parse(&at, line) ? each(baton, line, at) : PD_ETEXT;
    }
    fclose(file);
    return status == APR_EOF ? APR_SUCCESS : status;
}

typedef struct save_t {
    FILE *file;
    apr_hash_t *known;
    apr_pool_t *p;
    apr_int64_t added, all;
} save_t;

static apr_status_t write_line(void *baton, const char *id, apr_time_t at)
{
    save_t *save = baton;
    if (apr_hash_get(save->known, id, APR_HASH_KEY_STRING) != NULL)
        return APR_SUCCESS;
    apr_hash_set(save->known, apr_pstrdup(save->p, id), APR_HASH_KEY_STRING, "");
    fprintf(save->file, "%s %" APR_INT64_T_FMT "\n", id, at);
    save->all++;
    return ferror(save->file) ? APR_EGENERAL : APR_SUCCESS;
}

static apr_status_t write_act(void *baton, const pd_destruction_t *act, apr_pool_t *p)
{
    save_t *save = baton;
    (void)p;
    return write_line(save, act->person_id, act->destroyed_at);
}

/* Written anew as a whole, so that nobody ever meets half a line. */
apr_status_t pd_destroyed_save(apr_int64_t *added, apr_int64_t *all, const pd_portal_t *portal,
                               const char *file, apr_pool_t *p)
{
    save_t save = {.known = apr_hash_make(p), .p = p};
    *added = *all = 0;
    apr_status_t status = pd_line_file_make(&save.file, file, p);
    if (status != APR_SUCCESS)
        return status;
    fputs(HEAD "\n", save.file);
    status = read_list(file, write_line, &save);
    *added = -save.all;
    if (status == APR_SUCCESS)
        status = pd_destruction_each(portal, write_act, &save, p);
    if (status != APR_SUCCESS) {
        pd_line_file_drop(save.file, file, p);
        return status;
    }
    *all = save.all;
    *added += save.all;
    return pd_line_file_done(save.file, file, p);
}

typedef struct repeat_t {
    const pd_portal_t *portal;
    apr_pool_t *scratch;
    apr_int64_t again, all;
} repeat_t;

/* Who is not there, or destroyed already, needs no other act. */
static apr_status_t repeat_one(void *baton, const char *id, apr_time_t at)
{
    repeat_t *repeat = baton;
    const pd_rows_t *rows;
    int done = 0;
    apr_pool_clear(repeat->scratch);
    apr_status_t status = pd_db_read(&rows, repeat->portal->db, &pd_destroyed_sql[STATE],
                                     PD_ARGS(PD_T(id)), 1, repeat->scratch);
    if (status == APR_SUCCESS && PD_ROW_COUNT(rows) > 0) {
        const pd_destruction_t one = {.person_id = id, .destroyed_at = at};
        status = pd_destruction_repeat(&done, repeat->portal, &one, repeat->scratch);
    }
    repeat->all++;
    repeat->again += status == APR_SUCCESS && done;
    return status;
}

apr_status_t pd_destroyed_repeat(apr_int64_t *again, apr_int64_t *all, const pd_portal_t *portal,
                                 const char *file, apr_pool_t *p)
{
    repeat_t repeat = {.portal = portal};
    apr_pool_create(&repeat.scratch, p);
    apr_status_t status = read_list(file, repeat_one, &repeat);
    *again = repeat.again;
    *all = repeat.all;
    apr_pool_destroy(repeat.scratch);
    return status;
}
