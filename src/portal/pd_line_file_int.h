/* Files of lines that have to be whole: written beside, put on the disk, then given their name. */
#ifndef PD_LINE_FILE_INT_H
#define PD_LINE_FILE_INT_H
#include <apr_pools.h>
#include <stdio.h>

/* A new file `path`.new, mode 0600; one that an interrupted run left is overwritten. */
apr_status_t pd_line_file_make(FILE **file, const char *path, apr_pool_t *p);

/* Puts it on the disk and in the place of `path`; closes it. Anything that went wrong since it was
 * made is told here. */
apr_status_t pd_line_file_done(FILE *file, const char *path, apr_pool_t *p);

/* Closes and removes what was made. */
void pd_line_file_drop(FILE *file, const char *path, apr_pool_t *p);

/* A regular file that is no link. APR_ENOENT: there is none. */
apr_status_t pd_line_file_open(FILE **file, const char *path);

/* The next line without its end; APR_EOF behind the last. PD_ETEXT: too long, or cut off. */
apr_status_t pd_line_file_read(char *line, apr_size_t size, FILE *file);

/* Puts a file's name, not only its bytes, on the disk. */
apr_status_t pd_folder_sync(const char *path, apr_pool_t *p);

#endif
