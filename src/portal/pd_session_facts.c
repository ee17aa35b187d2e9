/* What rights a person has beside being signed in: roles in force now, and consents standing. Read
 * with the session, so that a decision needs nothing else. */
#include <apr_strings.h>
#include <string.h>
#include "base/pd_bytes.h"
#include "portal/pd_person.h"
#include "portal/pd_session_int.h"
#include "portal/pd_tables_int.h"

#define FACTS_MAX       500
#define FACTS_BYTES_MAX 16384

enum { FACTS };

const pd_sql_t pd_session_facts_sql[] = {
    [FACTS] = {"session_facts",
               "SELECT 'role' AS sort, role AS word, since, until FROM role"
               " WHERE person_id = %s AND (until = 0 OR until > %lld)"
               " UNION ALL SELECT 'consent', kind, 0, 0 FROM act WHERE pseudonym = %s GROUP BY kind"
               " HAVING MAX(CASE WHEN verb = 'consented' THEN sequence ELSE 0 END) = MAX(sequence)"
               " ORDER BY 1, 2 LIMIT 500",
               "ssii", "roles in force or to come, and consents standing, of a person"},
    {NULL, NULL, NULL, NULL}};

static void add_word(pd_buf_t *words, const char *word)
{
    if (words->length > 0)
        pd_buf_putc(words, ' ');
    pd_buf_puts(words, word);
}

apr_status_t pd_session_add_facts(pd_session_t *session, const pd_portal_t *portal, apr_time_t now,
                                  apr_pool_t *p)
{
    const pd_rows_t *found;
    pd_buf_t roles, consents;
    const char *pseudonym = pd_person_pseudonym(portal, session->person_id, p);
    apr_status_t status =
        pd_db_read(&found, portal->db, &pd_session_facts_sql[FACTS],
                   PD_ARGS(PD_T(session->person_id), PD_N(now), PD_T(pseudonym)), FACTS_MAX, p);
    if (status != APR_SUCCESS)
        return status;
    pd_buf_init(&roles, FACTS_BYTES_MAX, p);
    pd_buf_init(&consents, FACTS_BYTES_MAX, p);
    for (int i = 0; i < PD_ROW_COUNT(found); i++) {
        const pd_cell_t *cell = PD_ROW(found, i);
        /* One to come, by this host's clock, changes what is true when it begins. */
        int to_come = cell[2].number > now;
        apr_time_t until = to_come ? cell[2].number : cell[3].number;
        if (!to_come)
            add_word(strcmp(cell[0].text, "role") == 0 ? &roles : &consents, cell[1].text);
        if (until != 0 && (session->facts_until == 0 || until < session->facts_until))
            session->facts_until = until;
    }
    session->roles = roles.bytes;
    session->consents = consents.bytes;
    return APR_SUCCESS;
}

int pd_session_has_word(const char *words, const char *word)
{
    apr_size_t length = strlen(word);
    for (const char *at = words; at != NULL && *at; at += strcspn(at, " "), at += *at == ' ') {
        if (strncmp(at, word, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return length > 0;
    }
    return 0;
}
