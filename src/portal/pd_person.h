/* The data subject: random id, own data key, sealed login and e-mail, found by keyed look-up. */
#ifndef PD_PERSON_H
#define PD_PERSON_H
#include "portal/pd_portal.h"

typedef enum {
    PD_PERSON_PENDING,
    PD_PERSON_ACTIVE,
    PD_PERSON_BLOCKED,
    PD_PERSON_CLOSING,
    PD_PERSON_DESTROYED
} pd_person_state_e;

typedef struct pd_person_t {
    const char *id;
    pd_person_state_e state;
    const char *login; /* opened */
    const char *email; /* opened */
    const char *language;
    apr_int64_t generation;
    apr_int64_t policy_version;
    apr_time_t created_at, confirmed_at;
    const pd_datakey_t *key;
} pd_person_t;

/* The whole person, opened; APR_ENOENT: no such id, or destroyed. */
apr_status_t pd_person_get(pd_person_t *person, const pd_portal_t *portal, const char *id,
                           apr_pool_t *p);

/* Who is called so? What a visitor typed: a login or an e-mail. Gives id and sealed password of a
 * confirmed person (active, blocked or closing). APR_ENOENT: nobody. One look-up either way. */
apr_status_t pd_person_find(const char **id, const char **stored_password,
                            const pd_portal_t *portal, const char *login_or_email, apr_pool_t *p);

/* Whose login or e-mail is it? Also of a person who has no password yet, whom pd_person_find
 * doesn't know: for administrators, never for a page. APR_ENOENT: nobody's. */
apr_status_t pd_person_named(const char **id, const pd_portal_t *portal, const char *login_or_email,
                             apr_pool_t *p);

/* The keyed name under which acts outlive the person. */
const char *pd_person_pseudonym(const pd_portal_t *portal, const char *id, apr_pool_t *p);

#endif
