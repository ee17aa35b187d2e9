/* A text as a QR code (ISO/IEC 18004), to be drawn as one path of an inline SVG. Any thread. */
#ifndef PD_QR_H
#define PD_QR_H
#include <apr_pools.h>

/* `side`: modules along an edge, with the quiet zone of four. NULL: the text is too long. */
const char *pd_qr_path(int *side, const char *text, apr_pool_t *p);

#endif
