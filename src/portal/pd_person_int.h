/* What the files of portal/ share about persons. */
#ifndef PD_PERSON_INT_H
#define PD_PERSON_INT_H
#include "portal/pd_person.h"

/* Who answers to a login or an e-mail: as much as a sign-in needs. */
typedef struct pd_person_found_t {
    const char *id;
    pd_person_state_e state;
    apr_int64_t generation;
    const pd_datakey_t *key;
    const char *sealed_password;
    const char *stored_password; /* opened: what pd_password_verify wants */
    int password_expired;        /* it opens nothing but the page where another is set */
} pd_person_found_t;

/* What was typed as a login or an e-mail, in its one writing and hashed: what identifiers are found
 * by. A login can't hold an "@". Text that can be neither is hashed as it is. */
const char *pd_person_lookup_of(const char **kind, const pd_portal_t *portal, const char *typed,
                                apr_pool_t *p);

/* One look-up, whatever was typed. APR_ENOENT: no active, blocked or closing person is called so.
 */
apr_status_t pd_person_lookup(pd_person_found_t *found, const pd_portal_t *portal,
                              const char *login_or_email, apr_pool_t *p);

/* Takes a login or an e-mail (`kind`) by its look-up hash, also one that this person gave up
 * (pd_former_name.h); `claimed` 0: it is somebody's, or this person's already. */
apr_status_t pd_person_claim(int *claimed, pd_conn_t *conn, const char *kind, const char *lookup,
                             const char *person_id, apr_pool_t *p);

pd_person_state_e pd_person_state_parse(const char *text);

/* A place in the portal's hashing gate, before any look-up. PD_EBUSY: there is none in time, which
 * is counted. */
apr_status_t pd_hashing_enter(int *slot, const pd_portal_t *portal);
void pd_hashing_leave(const pd_portal_t *portal, int slot);

/* What a password costs by the settings. */
pd_password_cost_t pd_password_cost_of(const pd_settings_t *settings);

/* A typed password, normalised, wiped with the pool. NULL: nobody's password can be so. */
const char *pd_password_typed(const char *typed, apr_pool_t *p);

/* A code as typed, often with spaces or hyphens between, without them. */
const char *pd_code_typed(const char *typed, apr_pool_t *p);

/* pd_password_new.c: a password that is being chosen. */
typedef struct pd_new_password_t {
    const char *typed;
    const char *login, *email; /* as typed or stored: the password must not resemble them */
    apr_int64_t min;           /* characters */
} pd_new_password_t;

/* The rules of a new password. NULL: good, and `normal` is it as it is to be hashed, wiped with the
 * pool. Else a code that templates have words for. */
const char *pd_password_check(const char **normal, const pd_portal_t *portal,
                              const pd_new_password_t *password, apr_pool_t *p);

/* Hashes inside the hashing gate. PD_EBUSY: no place in time. */
apr_status_t pd_password_hash_gated(const char **stored, const pd_portal_t *portal,
                                    const char *password, apr_pool_t *p);

/* Without white space at the ends; "" for NULL. */
const char *pd_text_trim(const char *typed, apr_pool_t *p);

#endif
