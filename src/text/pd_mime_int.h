/* The two halves of a message; inside the room only. Both append to a buffer that may overflow and
 * is checked by the caller at the end. Any thread. */
#ifndef PD_MIME_INT_H
#define PD_MIME_INT_H
#include "base/pd_bytes.h"

typedef enum { PD_BODY_7BIT, PD_BODY_QUOTED, PD_BODY_BASE64 } pd_body_e;

/* The encoding that keeps the body most readable: 7bit for short ASCII lines, quoted-printable
 * where few bytes need it, else base64. */
pd_body_e pd_mime_body_choose(const char *body);

/* The body in that encoding, CRLF line ends, ending in one. */
void pd_mime_body_write(pd_buf_t *to, pd_body_e encoding, const char *body);

#endif
