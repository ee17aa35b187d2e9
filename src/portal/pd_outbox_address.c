/* Where letters to a person go, for who has only the person's id and key. */
#include "portal/pd_outbox.h"
#include "portal/pd_tables_int.h"

enum { OWNER };

const pd_sql_t pd_outbox_address_sql[] = {
    [OWNER] = {"outbox_owner", "SELECT email, language FROM person WHERE id = %s", "ss",
               "where the owner of an account is to be told"},
    {NULL, NULL, NULL, NULL}};

apr_status_t pd_outbox_address(pd_letter_t *letter, pd_conn_t *conn, const pd_portal_t *portal,
                               apr_pool_t *p)
{
    const pd_rows_t *rows;
    apr_status_t status = pd_conn_read(&rows, conn, &pd_outbox_address_sql[OWNER],
                                       PD_ARGS(PD_T(letter->person_id)), 1, p);
    if (status != APR_SUCCESS)
        return status;
    if (PD_ROW_COUNT(rows) == 0)
        return APR_ENOENT;
    const pd_cell_t *cell = PD_ROW(rows, 0);
    letter->language = cell[1].text;
    status =
        pd_open(&letter->address, letter->key, "person.email", letter->person_id, cell[0].text, p);
    if (status == APR_SUCCESS)
        letter->mailbox = pd_outbox_mailbox(portal, letter->address, p);
    return status;
}
