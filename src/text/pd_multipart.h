/* Forms with files: multipart/form-data (RFC 7578) as browsers send it and nothing looser. Any
 * thread. */
#ifndef PD_MULTIPART_H
#define PD_MULTIPART_H
#include "text/pd_form.h"

/* A whole body: two texts of a megabyte each, and what is around them. */
#define PD_MULTIPART_BYTES_MAX (5 * 512 * 1024)

/* `type` is the value of Content-Type, which names the boundary. Fields that are no files follow
 * the rules of pd_form_parse but for the length of a value; the bytes of files are not looked at,
 * and borrowed from `bytes`. PD_ETEXT: not such a body, or a field breaks a rule. PD_ELIMIT: over a
 * limit. */
apr_status_t pd_multipart_parse(const pd_form_t **form, const char *type, const char *bytes,
                                apr_size_t length, apr_pool_t *p);

#endif
