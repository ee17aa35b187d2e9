/* The keyring: opens the key file (distrusting everything about it), derives one key per use and
 * version into guarded, read-only memory, and forgets the master keys. */
#include "crypt/pd_keyring.h"
#include "crypt/pd_hash_int.h"
#include "crypt/pd_keyring_int.h"
#include "base/pd_bytes.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KDF_CONTEXT        "pdportal"
#define USES               PD_KEY_LEDGER
#define FINGERPRINT_PREFIX "1."

struct pd_keyring_t {
    int n_versions;
    apr_uint32_t versions[PD_KEYRING_VERSIONS_MAX]; /* rising */
    unsigned char *keys;                            /* [version][use - 1][PD_KEY_BYTES] */
    apr_size_t n_bytes;
    int lock_warned;
};

static apr_status_t discard(void *data)
{
    pd_keyring_t *keyring = data;
    sodium_free(keyring->keys); /* wipes */
    keyring->keys = NULL;
    keyring->n_versions = 0;
    return APR_SUCCESS;
}

static apr_status_t derive(pd_keyring_t **keyring, const pd_masters_t *masters, apr_pool_t *p)
{
    pd_keyring_t *ring = apr_pcalloc(p, sizeof *ring);
    ring->n_versions = masters->n_masters;
    ring->n_bytes = (apr_size_t)masters->n_masters * USES * PD_KEY_BYTES;
    ring->keys = sodium_malloc(ring->n_bytes);
    if (!ring->keys) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(p, ring, discard, apr_pool_cleanup_null);
    unsigned char *at = ring->keys;
    for (int i = 0; i < ring->n_versions; i++) {
        ring->versions[i] = masters->masters[i].version;
        for (unsigned use = 1; use <= USES; use++, at += PD_KEY_BYTES) {
            crypto_kdf_derive_from_key(at, PD_KEY_BYTES, use, KDF_CONTEXT, masters->masters[i].key);
        }
    }
    sodium_mprotect_readonly(ring->keys);
    *keyring = ring;
    return APR_SUCCESS;
}

/* NULL, or why a file like this is not to be trusted with keys. */
static const char *distrust(const struct stat *info)
{
    if (!S_ISREG(info->st_mode)) {
        return "it is not a regular file; put the key file itself there";
    }
    if (info->st_uid != 0 && info->st_uid != geteuid()) {
        return "it belongs to another user; do \"chown root FILE\"";
    }
    if (info->st_mode & 077) {
        return "others may read or write it; do \"chmod 600 FILE\"";
    }
    if (info->st_size > PD_KEYRING_FILE_BYTES_MAX) {
        return "it is too large for a key file; restore it from its copy";
    }
    return NULL;
}

/* Puts the path where a hint says FILE, so that the hint can be pasted into a shell. */
static const char *explain(const char *path, const char *hint, apr_pool_t *p)
{
    const char *file = strstr(hint, "FILE");
    return file ? apr_psprintf(p, "%s: %.*s%s%s", path, (int)(file - hint), hint, path, file + 4)
                : apr_psprintf(p, "%s: %s", path, hint);
}

static const char *why_not_open(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such file; restore it from its copy, or for a new database make one "
               "with \"pdportalctl init\"";
    case ELOOP:
        return "it is a symbolic link; name the file itself";
    case EACCES:
        return "it may not be read by this user; run as the owner of FILE";
    default:
        return NULL;
    }
}

static apr_status_t open_file(int *fd, const char **why, const char *path, apr_pool_t *p)
{
    struct stat info;
    /* O_NONBLOCK: opening a named pipe must not hang. */
    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0) {
        const char *hint = why_not_open(errno);
        *why = hint ? explain(path, hint, p)
                    : apr_psprintf(p, "%s: can't be opened: %s", path, strerror(errno));
        return PD_EKEY;
    }
    const char *hint =
        fstat(*fd, &info) ? "can't be examined; check the file system" : distrust(&info);
    if (hint) {
        *why = explain(path, hint, p);
        close(*fd);
        return PD_EKEY;
    }
    return APR_SUCCESS;
}

/* The whole file into `buffer`; -1 on an error, more than the maximum when it is too large. */
static ssize_t read_all(int fd, char *buffer)
{
    ssize_t got, length = 0;
    while (length <= PD_KEYRING_FILE_BYTES_MAX) {
        got = read(fd, buffer + length, (size_t)(PD_KEYRING_FILE_BYTES_MAX + 1 - length));
        if (got == 0) {
            break;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        length += got;
    }
    return length;
}

static apr_status_t read_masters(pd_masters_t *masters, const char **why, const char *path,
                                 apr_pool_t *p)
{
    int fd;
    apr_status_t status = open_file(&fd, why, path, p);
    if (status) {
        return status;
    }
    char *buffer = sodium_malloc(PD_KEYRING_FILE_BYTES_MAX + 1);
    ssize_t length = buffer ? read_all(fd, buffer) : -1;
    close(fd);
    if (length < 0 || length > PD_KEYRING_FILE_BYTES_MAX) {
        *why = apr_psprintf(p, "%s: can't be read as a whole; check the file system", path);
        status = PD_EKEY;
    }
    else {
        status = pd_keyring_parse(masters, why, path, buffer, (apr_size_t)length, p);
    }
    sodium_free(buffer); /* wipes; takes NULL */
    return status;
}

apr_status_t pd_keyring_load(pd_keyring_t **keyring, const char *path, const char **why,
                             apr_pool_t *p)
{
    *keyring = NULL;
    *why = NULL;
    pd_random_ready();
    pd_masters_t *masters = sodium_malloc(sizeof *masters);
    if (!masters) {
        *why = apr_psprintf(p, "%s: no memory for the keys", path);
        return APR_ENOMEM;
    }
    apr_status_t status = read_masters(masters, why, path, p);
    if (!status && (status = derive(keyring, masters, p))) {
        *why = apr_psprintf(p, "%s: no memory for the keys", path);
    }
    sodium_free(masters);
    return status;
}

/* The name itself must last too, or a crash could take the key from a database that uses it. */
static int sync_folder(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash ? apr_pstrmemdup(p, path, (apr_size_t)(slash - path) + 1) : ".";
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return 0;
        }
        bytes += done;
        length -= (size_t)done;
    }
    return 1;
}

static int write_key(int fd, apr_pool_t *p)
{
    static const char head[] = "# Master key of mod_pdportal. Without it the database can't be read"
                               ": keep a copy\n# of this file apart from the database's backups.\n"
                               "pdportal-key 1 ";
    unsigned char key[PD_KEY_BYTES];
    pd_random_bytes(key, sizeof key);
    char *text = (char *)pd_base64url_encode(key, sizeof key, p);
    pd_wipe(key, sizeof key);
    int ok = fchmod(fd, 0600) == 0 && write_all(fd, head, sizeof head - 1) &&
             write_all(fd, text, strlen(text)) && write_all(fd, "\n", 1) && fsync(fd) == 0;
    int error = errno;
    pd_wipe(text, strlen(text));
    errno = error;
    return ok;
}

static apr_status_t not_made(const char **why, const char *path, int error, apr_pool_t *p)
{
    *why = apr_psprintf(p, "%s: can't be made: %s", path, strerror(error));
    return error == EEXIST ? APR_EEXIST : error ? APR_FROM_OS_ERROR(error) : APR_EGENERAL;
}

/* Gives the name to the file of `fd` and to no other: two who make a key at once must not end up
 * with one of them holding a file that the other is still writing. */
static int give_name(int fd, const char *draft, const char *path)
{
    struct stat ours, named;
    if (link(draft, path)) {
        return 0;
    }
    if (fstat(fd, &ours) || lstat(path, &named)) {
        return 0;
    }
    errno = EEXIST;
    return ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* The name appears when the content is on disk, so that a crash can't leave half a key file. */
apr_status_t pd_keyring_create(const char *path, const char **why, apr_pool_t *p)
{
    struct stat info;
    const char *draft = apr_pstrcat(p, path, ".new", NULL);
    *why = NULL;
    unlink(draft); /* of a run that was killed: a key no database knows, or a second name */
    if (!lstat(path, &info)) {
        return not_made(why, path, EEXIST, p);
    }
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return not_made(why, draft, errno, p);
    }
    int ok = write_key(fd, p) && give_name(fd, draft, path);
    int error = ok ? 0 : errno;
    close(fd);
    unlink(draft);
    if (ok && !sync_folder(path, p)) {
        ok = 0;
        error = errno;
    }
    return ok ? APR_SUCCESS : not_made(why, path, error, p);
}

apr_status_t pd_keyring_lock(pd_keyring_t *keyring)
{
    if (sodium_mlock(keyring->keys, keyring->n_bytes) && !keyring->lock_warned) {
        keyring->lock_warned = 1;
        pd_log(PD_LOG_WARNING, APR_FROM_OS_ERROR(errno),
               "PD0100: key memory can't be locked and may be swapped out; raise LimitMEMLOCK");
    }
    return APR_SUCCESS;
}

apr_uint32_t pd_keyring_version(const pd_keyring_t *keyring)
{
    return keyring->versions[keyring->n_versions - 1];
}

const unsigned char *pd_keyring_key(const pd_keyring_t *keyring, pd_key_use_e use,
                                    apr_uint32_t version)
{
    if (use < 1 || use > USES) {
        return NULL;
    }
    for (int i = 0; i < keyring->n_versions; i++) {
        if (keyring->versions[i] == version) {
            return keyring->keys + ((apr_size_t)i * USES + use - 1) * PD_KEY_BYTES;
        }
    }
    return NULL;
}

const char *pd_keyring_fingerprint(const pd_keyring_t *keyring, apr_pool_t *p)
{
    const char *const parts[] = {"fingerprint"};
    return apr_pstrcat(p, FINGERPRINT_PREFIX, pd_hash_keyed(keyring, PD_KEY_CHECK, parts, 1, p),
                       NULL);
}

apr_status_t pd_keyring_check(const pd_keyring_t *keyring, const char *stored)
{
    unsigned char hash[PD_HASH_BYTES];
    char ours[sizeof FINGERPRINT_PREFIX + PD_HASH_CHARS];
    const pd_part_t part = pd_part_text("fingerprint");
    const apr_size_t prefix = sizeof FINGERPRINT_PREFIX - 1;
    pd_hash_parts(hash, pd_keyring_key(keyring, PD_KEY_CHECK, 1), &part, 1);
    memcpy(ours, FINGERPRINT_PREFIX, prefix);
    sodium_bin2base64(ours + prefix, sizeof ours - prefix, hash, sizeof hash,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    int same =
        stored && strlen(stored) == strlen(ours) && pd_equal_secret(stored, ours, strlen(ours));
    return same ? APR_SUCCESS : PD_EKEY;
}
