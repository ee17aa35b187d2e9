/* Files of lines: keys and lists beside a backup. */
#include "portal/pd_line_file_int.h"
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/pd_status.h"

static const char *new_name(const char *path, apr_pool_t *p)
{
    return apr_pstrcat(p, path, ".new", NULL);
}

apr_status_t pd_line_file_make(FILE **file, const char *path, apr_pool_t *p)
{
    const char *name = new_name(path, p);
    *file = NULL;
    if (unlink(name) != 0 && errno != ENOENT)
        return APR_FROM_OS_ERROR(errno);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return APR_FROM_OS_ERROR(errno);
    *file = fdopen(fd, "w");
    return *file ? APR_SUCCESS : APR_ENOMEM;
}

apr_status_t pd_folder_sync(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash          ? "."
                         : slash == path ? "/"
                                         : apr_pstrmemdup(p, path, (apr_size_t)(slash - path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return APR_FROM_OS_ERROR(errno);
    apr_status_t status = fsync(fd) ? APR_FROM_OS_ERROR(errno) : APR_SUCCESS;
    close(fd);
    return status;
}

apr_status_t pd_line_file_done(FILE *file, const char *path, apr_pool_t *p)
{
    const char *name = new_name(path, p);
    errno = 0;
    int failed = ferror(file) || fflush(file) || fsync(fileno(file));
    apr_status_t status = failed ? (errno ? APR_FROM_OS_ERROR(errno) : APR_EGENERAL) : APR_SUCCESS;
    if (fclose(file) && status == APR_SUCCESS)
        status = APR_FROM_OS_ERROR(errno);
    if (status == APR_SUCCESS && rename(name, path))
        status = APR_FROM_OS_ERROR(errno);
    if (status != APR_SUCCESS) {
        unlink(name);
        return status;
    }
    return pd_folder_sync(path, p);
}

void pd_line_file_drop(FILE *file, const char *path, apr_pool_t *p)
{
    fclose(file);
    unlink(new_name(path, p));
}

apr_status_t pd_line_file_open(FILE **file, const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    *file = NULL;
    if (fd < 0)
        return APR_FROM_OS_ERROR(errno);
    if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
        close(fd);
        return APR_EINVAL;
    }
    *file = fdopen(fd, "r");
    return *file ? APR_SUCCESS : APR_ENOMEM;
}

apr_status_t pd_line_file_read(char *line, apr_size_t size, FILE *file)
{
    if (!fgets(line, (int)size, file))
        return ferror(file) ? APR_EGENERAL : APR_EOF;
    apr_size_t length = strlen(line);
    if (length == 0 || line[length - 1] != '\n')
        return PD_ETEXT;
    line[length - 1] = '\0';
    return APR_SUCCESS;
}
