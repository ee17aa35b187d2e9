/* The keys of a backup.
 *
 *   pdportal-keys 1 <instant of the copy>
 *   <person id> <wrapped key>            one line each, in the order of ids
 *   end <number of lines> <keyed hash>
 *
 * The hash is a chain over all lines, with the journal's key: a file that was cut off, changed, or
 * is another portal's is not taken, since whoever lacks a key is taken for destroyed. */
#include <apr_strings.h>
#include <inttypes.h>
#include "base/pd_clock.h"
#include "base/pd_status.h"
#include "crypt/pd_hash.h"
#include "portal/pd_backup.h"
#include "portal/pd_line_file_int.h"
#include "portal/pd_tables_int.h"

#define HEAD           "pdportal-keys 1 "
#define END            "end "
#define PAGE           500
#define LINE_MAX_BYTES 1024

enum { PEOPLE, STRIP, GIVE, MARK, MARKED };

const pd_sql_t pd_backup_keys_sql[] = {
    [PEOPLE] = {"backup_people",
                "SELECT id, data_key FROM person WHERE id > %s ORDER BY id LIMIT 500", "ss",
                "keys, a page at a time"},
    [STRIP] = {"backup_strip", "UPDATE person SET data_key = '' WHERE id > '' AND data_key <> ''",
               "", "the copy opens nothing without its keys"},
    [GIVE] = {"backup_give", "UPDATE person SET data_key = %s WHERE id = %s AND data_key = ''", "",
              "a key comes back to its person"},
    [MARK] = {"backup_mark",
              "INSERT INTO meta (name, value) VALUES ('backup', %s)"
              " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
              "", "when the copy was made"},
    [MARKED] = {"backup_marked", "SELECT value FROM meta WHERE name = 'backup'", "s",
                "when the copy was made"},
    {NULL, NULL, NULL, NULL}};

/* The hash of all lines up to this one. Two buffers that take turns would do; a pool that is
 * cleared does as well. */
typedef struct chain_t {
    const pd_portal_t *portal;
    char hash[PD_HASH_CHARS + 1];
    apr_int64_t lines;
    apr_pool_t *scratch;
} chain_t;

static void chain_begin(chain_t *chain, const pd_portal_t *portal, apr_pool_t *p)
{
    memset(chain, 0, sizeof(*chain));
    chain->portal = portal;
    apr_pool_create(&chain->scratch, p);
}

static void chain_add(chain_t *chain, const char *line)
{
    const char *parts[] = {"backup", chain->hash, line};
    apr_cpystrn(chain->hash,
                pd_hash_keyed(chain->portal->keys, PD_KEY_JOURNAL, parts, 3, chain->scratch),
                sizeof(chain->hash));
    chain->lines++;
    apr_pool_clear(chain->scratch);
}

static const char *end_line(const chain_t *chain, apr_pool_t *p)
{
    return apr_psprintf(p, END "%" APR_INT64_T_FMT " %s", chain->lines, chain->hash);
}

static apr_status_t write_page(FILE *file, chain_t *chain, const pd_rows_t *rows, apr_int64_t *keys,
                               apr_pool_t *p)
{
    for (int i = 0; i < PD_ROW_COUNT(rows); i++) {
        const pd_cell_t *cell = PD_ROW(rows, i);
        if (*cell[1].text == '\0')
            continue;
        const char *line = apr_pstrcat(p, cell[0].text, " ", cell[1].text, NULL);
        if (strlen(line) + 2 > LINE_MAX_BYTES)
            return PD_ESQL;
        chain_add(chain, line);
        fprintf(file, "%s\n", line);
        ++*keys;
    }
    return ferror(file) ? APR_EGENERAL : APR_SUCCESS;
}

static apr_status_t write_keys(FILE *file, chain_t *chain, const pd_portal_t *copy,
                               apr_int64_t *keys, apr_pool_t *p)
{
    apr_pool_t *scratch;
    char after[80] = "";
    const pd_rows_t *rows;
    apr_status_t status;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        status = pd_db_read(&rows, copy->db, &pd_backup_keys_sql[PEOPLE], PD_ARGS(PD_T(after)),
                            PAGE, scratch);
        if (status == APR_SUCCESS)
            status = write_page(file, chain, rows, keys, scratch);
        if (status == APR_SUCCESS && PD_ROW_COUNT(rows) > 0)
            apr_cpystrn(after, PD_ROW(rows, PD_ROW_COUNT(rows) - 1)[0].text, sizeof(after));
    } while (status == APR_SUCCESS && PD_ROW_COUNT(rows) == PAGE);
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t strip_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    apr_status_t status =
        pd_conn_exec(NULL, conn, &pd_backup_keys_sql[MARK], PD_ARGS(PD_T(baton)), p);
    if (status != APR_SUCCESS)
        return status;
    return pd_conn_exec(NULL, conn, &pd_backup_keys_sql[STRIP], PD_NO_ARGS, p);
}

apr_status_t pd_backup_take_keys(apr_int64_t *keys, const pd_portal_t *copy, const char *keys_file,
                                 apr_pool_t *p)
{
    FILE *file;
    chain_t chain;
    char *instant = apr_psprintf(p, "%" APR_INT64_T_FMT, pd_clock_now());
    const char *head = apr_pstrcat(p, HEAD, instant, NULL);
    *keys = 0;
    apr_status_t status = pd_line_file_make(&file, keys_file, p);
    if (status != APR_SUCCESS)
        return status;
    chain_begin(&chain, copy, p);
    chain_add(&chain, head);
    fprintf(file, "%s\n", head);
    status = write_keys(file, &chain, copy, keys, p);
    if (status != APR_SUCCESS) {
        pd_line_file_drop(file, keys_file, p);
        return status;
    }
    fprintf(file, "%s\n", end_line(&chain, p));
    status = pd_line_file_done(file, keys_file, p);
    return status == APR_SUCCESS ? pd_db_transact(copy->db, strip_step, instant, p) : status;
}

/* Is the file whole, of this portal, and as new as the copy or newer? Leaves it at its beginning.
 */
static apr_status_t check_file(FILE *file, const pd_portal_t *copy, apr_int64_t made_at,
                               apr_pool_t *p)
{
    char line[LINE_MAX_BYTES];
    chain_t chain;
    chain_begin(&chain, copy, p);
    apr_status_t status = pd_line_file_read(line, sizeof(line), file);
    if (status != APR_SUCCESS || strncmp(line, HEAD, strlen(HEAD)) != 0)
        return PD_ETEXT;
    apr_int64_t instant = apr_atoi64(line + strlen(HEAD));
    while (status == APR_SUCCESS && strncmp(line, END, strlen(END)) != 0) {
        chain_add(&chain, line);
        status = pd_line_file_read(line, sizeof(line), file);
    }
    if (status != APR_SUCCESS)
        return PD_ETEXT;
    if (strcmp(line, end_line(&chain, p)) != 0 || instant < made_at)
        return PD_EKEY;
    rewind(file);
    return pd_line_file_read(line, sizeof(line), file);
}

typedef struct give_t {
    FILE *file;
    long at; /* where the page begins: a transaction may run again */
    int read;
    apr_int64_t given;
} give_t;

static apr_status_t give_one(give_t *give, pd_conn_t *conn, char *line, apr_pool_t *p)
{
    int affected;
    char *wrapped = strchr(line, ' ');
    if (wrapped == NULL)
        return PD_ETEXT;
    *wrapped++ = '\0';
    apr_status_t status = pd_conn_exec(&affected, conn, &pd_backup_keys_sql[GIVE],
                                       PD_ARGS(PD_T(wrapped), PD_T(line)), p);
    give->given += affected;
    return status;
}

static apr_status_t give_step(pd_conn_t *conn, void *baton, apr_pool_t *p)
{
    char line[LINE_MAX_BYTES];
    give_t *give = baton;
    apr_status_t status = fseek(give->file, give->at, SEEK_SET) ? APR_EGENERAL : APR_SUCCESS;
    give->given = 0;
    for (give->read = 0; status == APR_SUCCESS && give->read < PAGE; give->read++) {
        status = pd_line_file_read(line, sizeof(line), give->file);
        if (status == APR_SUCCESS && strncmp(line, END, strlen(END)) == 0)
            break;
        if (status == APR_SUCCESS)
            status = give_one(give, conn, line, p);
    }
    return status;
}

static apr_status_t give_all(apr_int64_t *keys, FILE *file, const pd_portal_t *copy, apr_pool_t *p)
{
    apr_pool_t *scratch;
    give_t give = {.file = file};
    apr_status_t status;
    apr_pool_create(&scratch, p);
    do {
        apr_pool_clear(scratch);
        give.at = ftell(file);
        status = pd_db_transact(copy->db, give_step, &give, scratch);
        *keys += status == APR_SUCCESS ? give.given : 0;
    } while (status == APR_SUCCESS && give.read == PAGE);
    apr_pool_destroy(scratch);
    return status;
}

apr_status_t pd_backup_give_keys(apr_int64_t *keys, const pd_portal_t *copy, const char *keys_file,
                                 apr_pool_t *p)
{
    FILE *file;
    const pd_rows_t *marked;
    *keys = 0;
    apr_status_t status =
        pd_db_read(&marked, copy->db, &pd_backup_keys_sql[MARKED], PD_NO_ARGS, 1, p);
    if (status == APR_SUCCESS && PD_ROW_COUNT(marked) == 0)
        return PD_ETEXT;
    if (status == APR_SUCCESS)
        status = pd_line_file_open(&file, keys_file);
    if (status != APR_SUCCESS)
        return status;
    status = check_file(file, copy, apr_atoi64(PD_ROW(marked, 0)[0].text), p);
    if (status == APR_SUCCESS)
        status = give_all(keys, file, copy, p);
    fclose(file);
    return status;
}
