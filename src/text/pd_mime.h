/* Internet messages (RFC 5322, 2045, 2047, 6532 not used): one plain-text part in UTF-8. Header
 * values can't hold CR, LF or NUL: such a value is PD_ETEXT, not mended. Any thread. */
#ifndef PD_MIME_H
#define PD_MIME_H
#include <apr_pools.h>
#include <apr_time.h>

typedef struct pd_mime_t {
    const char *from;       /* address */
    const char *from_name;  /* display name in UTF-8, or "" */
    const char *to;         /* address */
    const char *subject;    /* UTF-8 */
    const char *message_id; /* without the angle brackets */
    const char *language;   /* Content-Language */
    const char *body;       /* UTF-8, LF line ends */
    apr_time_t date;
    const char *unsubscribe; /* URL that ends such letters by one POST (RFC 8058), or NULL */
} pd_mime_t;

/* The whole message with CRLF line ends, lines of at most 76 characters in an encoded body (quoted-
 * printable or base64, whichever reads better), Auto-Submitted: auto-generated. No other
 * member may be NULL. PD_ETEXT: a value that cannot stand in its field; PD_ELIMIT: over 1 MiB. */
apr_status_t pd_mime_write(const char **message, apr_size_t *length, const pd_mime_t *mail,
                           apr_pool_t *p);

#endif
