/* Whose is the state? Root works on a database as the user who owns it, because a file that root
 * made could not be written by httpd's children. That user is not trusted with root's rights: a
 * symbolic link in the owner's folder is never followed, and nothing is done as root by chance. */
#include "cli/ctl.h"

#include <apr_strings.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_OWNER "www-data"

const char *ctl_database_file(ctl_t *ctl)
{
    return pd_db_file(ctl->settings->database_driver, ctl->settings->database_params, ctl->p);
}

const char *ctl_folder_of(const char *file, apr_pool_t *p)
{
    const char *end = strrchr(file, '/');
    if (!end) {
        return ".";
    }
    while (end > file && end[-1] == '/') {
        end--;
    }
    return end == file ? "/" : apr_pstrmemdup(p, file, (apr_size_t)(end - file));
}

const char *ctl_user_name(uid_t uid, apr_pool_t *p)
{
    const struct passwd *user = getpwuid(uid);
    return user ? apr_pstrdup(p, user->pw_name) : apr_psprintf(p, "%lu", (unsigned long)uid);
}

static const char *look_at(struct stat *info, int *there, const char *path, apr_pool_t *p)
{
    char reason[120];
    *there = !lstat(path, info);
    if (!*there && errno != ENOENT) {
        return apr_psprintf(p, "%s can't be examined: %s", path,
                            apr_strerror(APR_FROM_OS_ERROR(errno), reason, sizeof reason));
    }
    return *there && S_ISLNK(info->st_mode)
               ? apr_psprintf(
                     p, "%s is a symbolic link, which is not followed; name what it leads to", path)
               : NULL;
}

static void take(ctl_owner_t *owner, uid_t uid, gid_t gid)
{
    owner->known = 1;
    owner->uid = uid;
    owner->gid = gid;
}

static const char *take_named(ctl_owner_t *owner, const char *name, apr_pool_t *p)
{
    const struct passwd *user = getpwnam(name);
    if (!user) {
        return apr_psprintf(p, "--owner: this system has no user \"%s\"", name);
    }
    take(owner, user->pw_uid, user->pw_gid);
    return NULL;
}

/* Without a database file there is nothing to own: the state folder's owner, else the usual one. */
static void take_other(ctl_owner_t *owner, ctl_t *ctl)
{
    struct stat info;
    if (ctl->state && !lstat(ctl_state_path(ctl), &info) && S_ISDIR(info.st_mode) && info.st_uid) {
        take(owner, info.st_uid, info.st_gid);
    }
}

/* --owner, else who owns the database file, else its folder. Root's are taken for nobody's. */
static const char *take_present(ctl_owner_t *owner, ctl_t *ctl)
{
    struct stat info[2];
    int there[2];
    const char *file = ctl->settings ? ctl_database_file(ctl) : NULL;
    if (file) {
        const char *const paths[] = {file, ctl_folder_of(file, ctl->p)};
        for (int i = 0; i < 2; i++) {
            const char *why = look_at(&info[i], &there[i], paths[i], ctl->p);
            if (why) {
                return why;
            }
        }
    }
    if (ctl->owner) {
        return take_named(owner, ctl->owner, ctl->p);
    }
    for (int i = 0; file && i < 2 && !owner->known; i++) {
        if (there[i] && info[i].st_uid != 0) {
            take(owner, info[i].st_uid, info[i].st_gid);
        }
    }
    if (!file) {
        take_other(owner, ctl);
    }
    return NULL;
}

const char *ctl_new_owner(ctl_owner_t *owner, ctl_t *ctl)
{
    owner->known = 0;
    const char *why = take_present(owner, ctl);
    if (why || owner->known) {
        return why;
    }
    return getpwnam(USUAL_OWNER) ? take_named(owner, USUAL_OWNER, ctl->p)
                                 : "name the user httpd runs as with --owner USER";
}

static const char *find_owner(ctl_owner_t *owner, ctl_t *ctl)
{
    const char *file = ctl_database_file(ctl);
    owner->known = 0;
    const char *why = take_present(owner, ctl);
    if (why || owner->known) {
        return why;
    }
    if (file) {
        const char *folder = ctl_folder_of(file, ctl->p);
        return apr_psprintf(
            ctl->p,
            "%s is root's or not there, and httpd could not write what root makes; do "
            "\"chown -R USER: %s\" with the user httpd runs as, or, before there is a "
            "database, \"pdportalctl init --owner USER\"",
            folder, folder);
    }
    if (getpwnam(USUAL_OWNER)) {
        return take_named(owner, USUAL_OWNER, ctl->p);
    }
    take(owner, 0, 0);
    return NULL;
}

static const char *become(ctl_t *ctl, const ctl_owner_t *owner)
{
    const struct passwd *user = getpwuid(owner->uid);
    if (user ? initgroups(user->pw_name, owner->gid) : setgroups(0, NULL)) {
        return "the owner's groups can't be taken";
    }
    if (setresgid(owner->gid, owner->gid, owner->gid) ||
        setresuid(owner->uid, owner->uid, owner->uid)) {
        return apr_psprintf(ctl->p, "can't become user %s, who owns the state",
                            ctl_user_name(owner->uid, ctl->p));
    }
    return NULL;
}

/* The way to the database, as the owner: the first folder that stops it is named. */
static const char *blocked(ctl_t *ctl)
{
    const char *user = ctl_user_name(geteuid(), ctl->p);
    const char *file = ctl_database_file(ctl);
    const char *folder = file ? ctl_folder_of(file, ctl->p) : NULL;
    if (!folder) {
        return NULL;
    }
    for (const char *at = folder; at && *at; at = strchr(at, '/')) {
        at += *at == '/';
        const char *end = strchr(at, '/');
        const char *part =
            end ? apr_pstrmemdup(ctl->p, folder, (apr_size_t)(end - folder)) : folder;
        if (*part && access(part, X_OK) && errno == EACCES) {
            return apr_psprintf(ctl->p, "user %s can't enter %s; do \"chmod a+x %s\"", user, part,
                                part);
        }
    }
    if ((access(file, R_OK | W_OK) && errno == EACCES) ||
        (access(folder, W_OK) && errno == EACCES)) {
        return apr_psprintf(ctl->p, "user %s can't write %s or its folder; do \"chown -R %s: %s\"",
                            user, file, user, folder);
    }
    return NULL;
}

const char *ctl_drop_rights(ctl_t *ctl)
{
    ctl_owner_t owner;
    if (geteuid() != 0) {
        return NULL;
    }
    const char *why = find_owner(&owner, ctl);
    if (why || owner.uid == 0) {
        return why;
    }
    why = become(ctl, &owner);
    return why ? why : blocked(ctl);
}

const char *ctl_become_key_owner(ctl_t *ctl)
{
    struct stat key;
    ctl_owner_t owner;
    if (geteuid() != 0 || lstat(ctl->settings->key_file, &key) || S_ISLNK(key.st_mode) ||
        key.st_uid == 0) {
        return NULL;
    }
    const char *why = find_owner(&owner, ctl);
    return why || owner.uid != key.st_uid ? why : become(ctl, &owner);
}

const char *ctl_check_owners(ctl_t *ctl)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-gate", "-bell"};
    struct stat folder_info, info;
    int there;
    const char *file = ctl_database_file(ctl);
    const char *folder = file ? ctl_folder_of(file, ctl->p) : NULL;
    const char *why = file ? look_at(&folder_info, &there, folder, ctl->p) : NULL;
    if (why || !file || !there) {
        return why;
    }
    const char *user = ctl_user_name(folder_info.st_uid, ctl->p);
    if (geteuid() == 0 && folder_info.st_uid == 0 && !(ctl->owner && !strcmp(ctl->owner, "root"))) {
        return apr_psprintf(ctl->p,
                            "%s is root's; do \"chown -R USER: %s\" with the user httpd runs as",
                            folder, folder);
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *path = apr_pstrcat(ctl->p, file, ends[i], NULL);
        why = look_at(&info, &there, path, ctl->p);
        if (!why && there && info.st_uid != folder_info.st_uid) {
            why = apr_psprintf(ctl->p, "%s is %s's, its folder %s's; do \"chown %s: %s\"", path,
                               ctl_user_name(info.st_uid, ctl->p), user, user, path);
        }
        if (why) {
            return why;
        }
    }
    return NULL;
}
