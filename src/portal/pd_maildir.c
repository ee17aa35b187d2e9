/* Delivers into a Maildir: written under tmp/, synced, renamed into new/, and the folder synced, so
 * that a reader sees whole letters only and an accepted one survives a power cut. */
#include "portal/pd_outbox.h"

#include "base/pd_bytes.h"
#include "base/pd_clock.h"
#include "base/pd_random.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME       "maildir:"
#define UNIQUE_BYTES 12

/* Makes DIR and its three parts where missing. */
static int make_folders(const char *dir, apr_pool_t *p)
{
    const char *const parts[] = {"", "/tmp", "/new", "/cur"};
    for (apr_size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (mkdir(apr_pstrcat(p, dir, parts[i], NULL), 0700) && errno != EEXIST) {
            return -1;
        }
    }
    return 0;
}

/* "seconds.random.host": nothing of the letter or its reader. */
static const char *file_name(const pd_settings_t *settings, apr_pool_t *p)
{
    unsigned char unique[UNIQUE_BYTES];
    pd_random_bytes(unique, sizeof unique);
    char *host = apr_pstrdup(p, settings->host_name);
    for (char *at = host; *at; at++) {
        if (*at == '/' || *at == ':' || (unsigned char)*at <= ' ') {
            *at = '_';
        }
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT ".%s.%s", (apr_int64_t)apr_time_sec(pd_clock_now()),
                        pd_hex_encode(unique, sizeof unique, p), host);
}

static int write_all(int fd, const char *bytes, apr_size_t length)
{
    while (length) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        bytes += n;
        length -= (apr_size_t)n;
    }
    return 0;
}

static int write_file(const char *path, const char *bytes, apr_size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -1;
    }
    int failed = write_all(fd, bytes, length) || fsync(fd);
    failed = close(fd) || failed;
    if (failed) {
        unlink(path);
    }
    return failed ? -1 : 0;
}

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int failed = fsync(fd);
    close(fd);
    return failed;
}

void pd_maildir_deliver(pd_mail_result_t *result, const pd_settings_t *settings,
                        const char *recipient, const char *message_id, const char *message,
                        apr_size_t length, apr_pool_t *p)
{
    (void)recipient; /* stands in the message; one folder takes all */
    (void)message_id;
    const char *dir = settings->mail_relay + strlen(SCHEME);
    const char *name = file_name(settings, p);
    const char *from = apr_pstrcat(p, dir, "/tmp/", name, NULL);
    const char *to = apr_pstrcat(p, dir, "/new/", name, NULL);
    *result = (pd_mail_result_t){PD_MAIL_UNREACHABLE, 0, "the Maildir can't be written"};
    if (make_folders(dir, p) || write_file(from, message, length)) {
        return;
    }
    if (rename(from, to)) {
        unlink(from);
        return;
    }
    *result = (pd_mail_result_t){PD_MAIL_ACCEPTED, 0, ""};
    if (sync_folder(apr_pstrcat(p, dir, "/new", NULL))) {
        *result = (pd_mail_result_t){PD_MAIL_UNKNOWN, 0, "the Maildir can't be synced"};
    }
}
