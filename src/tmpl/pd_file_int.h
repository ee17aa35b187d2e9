/* Reading of whole small files, for templates and catalogues. Not for other rooms. */
#ifndef PD_FILE_INT_H
#define PD_FILE_INT_H
#include <apr_pools.h>

/* Reads a regular file of at most `max_bytes` into `p`; an uncounted zero follows. PD_ELIMIT:
 * larger. APR_EINVAL: no regular file. */
apr_status_t pd_file_read(const char **bytes, apr_size_t *length, const char *path,
                          apr_size_t max_bytes, apr_pool_t *p);

#endif
