/* Which content coding an Accept-Encoding header asks for (RFC 9110 12.5.3), and the bytes of an
 * answer in each of them. Any thread. */
#ifndef PD_ENCODING_H
#define PD_ENCODING_H
#include <apr_pools.h>

/* In order of preference where the weights are equal. */
typedef enum {
    PD_ENCODING_BROTLI,
    PD_ENCODING_GZIP,
    PD_ENCODING_IDENTITY,
    PD_ENCODING_COUNT
} pd_encoding_e;

/* For Content-Encoding: "br", "gzip"; NULL for the bytes as they are. */
extern const char *const pd_encoding_names[PD_ENCODING_COUNT];

/* The heaviest of what is accepted. The bytes as they are when the header is NULL or malformed,
 * and also when it accepts nothing that there is: such an answer is of more use than a 406. */
pd_encoding_e pd_encoding_choose(const char *accept_encoding);

/* One form of an answer: its bytes (NULL: not made), and its own strong ETag with the quotes. */
typedef struct pd_encoded_form_t {
    const char *bytes;
    apr_size_t length;
    const char *etag;
} pd_encoded_form_t;

/* The same answer in every coding. The ETags follow from the bytes alone and are named as httpd's
 * own filters name them: "HASH", "HASH-gzip", "HASH-br". */
typedef struct pd_encoded_t {
    pd_encoded_form_t form[PD_ENCODING_COUNT];
} pd_encoded_t;

/* Names the forms and makes none but the bytes as they are, which are borrowed. */
void pd_encoding_name(pd_encoded_t *encoded, const char *bytes, apr_size_t length, apr_pool_t *p);

/* How much work to do for fewer bytes. */
typedef enum {
    PD_ENCODING_QUICK,   /* a millisecond for an ordinary page */
    PD_ENCODING_THOROUGH /* as small as can be, fifty times as long: for what is sent very often */
} pd_encoding_effort_e;

/* Makes them all. The same effort gives the same bytes. The bytes as they are stay borrowed,
 * everything else comes from `p`; `ptemp` is scratch. APR_ENOMEM: there was no memory for it. */
apr_status_t pd_encoding_make(pd_encoded_t *encoded, const char *bytes, apr_size_t length,
                              pd_encoding_effort_e effort, apr_pool_t *p, apr_pool_t *ptemp);

#endif
