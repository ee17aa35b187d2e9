/* Reads whole small files at start: no mapping, since a mapped template that is edited in place
 * would change under the reader. */
#include <apr_file_io.h>
#include "base/pd_status.h"
#include "tmpl/pd_file_int.h"

static apr_status_t read_all(const char **bytes, apr_size_t *length, apr_file_t *file,
                             apr_size_t max_bytes, apr_pool_t *p)
{
    apr_finfo_t info;
    apr_status_t st = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    if (st != APR_SUCCESS)
        return st;
    if (info.filetype != APR_REG)
        return APR_EINVAL;
    if (info.size < 0 || (apr_uint64_t)info.size > max_bytes)
        return PD_ELIMIT;
    char *buffer = apr_palloc(p, (apr_size_t)info.size + 1);
    st = apr_file_read_full(file, buffer, (apr_size_t)info.size, length);
    if (st != APR_SUCCESS && !(APR_STATUS_IS_EOF(st) && info.size == 0))
        return st;
    buffer[*length] = '\0';
    *bytes = buffer;
    return APR_SUCCESS;
}

apr_status_t pd_file_read(const char **bytes, apr_size_t *length, const char *path,
                          apr_size_t max_bytes, apr_pool_t *p)
{
    apr_file_t *file;
    *bytes = NULL;
    *length = 0;
    /* A FIFO in the folder must not hang the start. */
    apr_status_t st =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY | APR_FOPEN_NONBLOCK,
                      APR_FPROT_OS_DEFAULT, p);
    if (st != APR_SUCCESS)
        return st;
    st = read_all(bytes, length, file, max_bytes, p);
    apr_file_close(file);
    return st;
}
