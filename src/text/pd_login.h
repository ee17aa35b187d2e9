/* Login names (F16): PRECIS UsernameCaseMapped in spirit (RFC 8265): NFC, lower case, width mapped,
 * letters, ASCII digits, ".", "_", "-" (none of these three at an end); one script besides digits
 * and marks; 3 to 32 code points. Two names that look alike ("аdmin" with a Cyrillic а beside
 * "admin") share one skeleton, and the skeleton is what must be unique. Any thread. */
#ifndef PD_LOGIN_H
#define PD_LOGIN_H
#include <apr_pools.h>

#define PD_LOGIN_CHARS_MIN 3
#define PD_LOGIN_CHARS_MAX 32

typedef enum {
    PD_LOGIN_OK = 0,
    PD_LOGIN_SHORT,
    PD_LOGIN_LONG,
    PD_LOGIN_CHARACTERS, /* a character that is not allowed, or an "@" */
    PD_LOGIN_MIXED       /* letters of several alphabets */
} pd_login_e;

typedef struct pd_login_t {
    const char *name;     /* as stored and shown */
    const char *skeleton; /* as looked up */
} pd_login_t;

/* PD_ETEXT only for invalid UTF-8; everything else is told by `outcome`. */
apr_status_t pd_login_parse(pd_login_e *outcome, pd_login_t *login, const char *raw, apr_pool_t *p);

/* NFC of a password or another free text (RFC 8265 OpaqueString: only normalisation, spaces of any
 * kind become U+0020). NULL: invalid UTF-8 or control characters. */
const char *pd_text_opaque(const char *raw, apr_pool_t *p);

#endif
