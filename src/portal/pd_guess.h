/* Guessing protection (F11, F18; RELIABILITY S2, S3, 14, 18): what is counted, of whom, and how
 * much is free. Everything is counted before any password or code is checked, in memory that all
 * processes share; who has to wait costs no hashing, and is told how long.
 *
 * A sign-in is counted under the name that was typed, the client's address, its network, and over
 * all. Under the name as it was typed, whether or not somebody is called so: were login and e-mail
 * of one person counted together, the count would tell that they belong together. A browser in
 * which this person has signed in before counts by itself, so that no stranger can keep the owner
 * out. */
#ifndef PD_GUESS_H
#define PD_GUESS_H
#include "portal/pd_portal.h"

/* Who asks. */
typedef struct pd_client_t {
    const char *address; /* of the connection, or what mod_remoteip made of it; never a header */
    const char *browser; /* id of the form cookie; NULL: none */
    const char *agent;   /* what the browser calls itself; NULL: nothing */
} pd_client_t;

/* One attempt: what it is counted under. */
typedef struct pd_guess_t {
    const pd_portal_t *portal;
    apr_uint64_t hashes[PD_LIMITER_RULES_MAX];
    const int *rules; /* which of them, ended by -1 */
    int alarm;        /* a stranger's attempt came to a wait of a minute */
    int tells;        /* likewise, or to the longest wait: the owner is to be told */
} pd_guess_t;

/* For pd_limiter_over. */
extern const pd_limit_rule_t pd_guess_rules[];
extern const int pd_guess_n_rules;

/* Each counts an attempt and gives 0, or the seconds after which the next may be let through; an
 * attempt that has to wait is not counted under what refused it. Without a limiter (pdportalctl)
 * nobody waits. `lookup` is the keyed look-up hash of the name typed. */
int pd_guess_sign_in(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                     const char *lookup, apr_pool_t *p);
/* The same in a browser in which this person has signed in before. */
int pd_guess_known(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                   const char *person_id, apr_pool_t *p);
/* A code, or what else proves a mailbox. */
int pd_guess_code(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p);
/* A code of a person's second factor, by somebody who knows the password: counted under the person,
 * whatever the browser and the address. */
int pd_guess_factor(pd_guess_t *guess, const pd_portal_t *portal, const char *person_id,
                    apr_pool_t *p);
/* What makes the portal write a letter. */
int pd_guess_mail(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p);
/* A public page that costs much and is kept for nobody: no guess, but the same limits bound it. */
int pd_guess_work(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p);

/* A copy of one's data, asked for or fetched: counted under the person. */
int pd_guess_export(pd_guess_t *guess, const pd_portal_t *portal, const char *person_id);

/* It was right: no more is held against the name or the browser, and one less against the others.
 */
void pd_guess_right(const pd_guess_t *guess);

/* It was never tried (no place at the hashing gate). */
void pd_guess_untried(const pd_guess_t *guess);

/* Inside the transaction of a refused sign-in whose guess `tells`: a letter to the owner, at most
 * one a day, whatever else the mailbox had. `person_id` "" and any key: nobody's; the same is asked
 * of the database. */
apr_status_t pd_guess_tell_owner(pd_conn_t *conn, const pd_portal_t *portal, const char *person_id,
                                 const pd_datakey_t *key, apr_pool_t *p);

/* The network of an address, as text: /24 of IPv4, also mapped into IPv6; /64 of IPv6. `host` is
 * the address in one writing. What is no address stands for itself in both. */
void pd_guess_place(const char **host, const char **network, const char *address, apr_pool_t *p);

#endif
