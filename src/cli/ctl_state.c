/* init and migrate: the commands that make a portal's state. */
#include "cli/ctl.h"

#include "base/pd_status.h"
#include "db/pd_migrate.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_empty(const char *dir)
{
    const struct dirent *entry;
    int n = 0;
    DIR *folder = opendir(dir);
    while (folder && (entry = readdir(folder))) {
        n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    }
    if (folder) {
        closedir(folder);
    }
    return folder && n == 0;
}

/* Folders on the way to `dir`, passable for the owner of the last one, whatever the umask is. */
static int make_parents(const char *dir, apr_pool_t *p)
{
    int failed = 0;
    mode_t mask = umask(022);
    for (const char *at = strchr(dir + 1, '/'); at && !failed; at = strchr(at + 1, '/')) {
        const char *parent = apr_pstrmemdup(p, dir, (apr_size_t)(at - dir));
        failed = mkdir(parent, 0755) && errno != EEXIST ? errno : 0;
    }
    umask(mask);
    errno = failed;
    return !failed;
}

/* Makes a folder 0700 where there is none; `fresh`: it was made now, or is empty, as one that an
 * interrupted run left. */
static int make_folder(int *fresh, ctl_t *ctl, const char *dir)
{
    struct stat info;
    char reason[120];
    if (!stat(dir, &info)) {
        *fresh = S_ISDIR(info.st_mode) && is_empty(dir);
        return S_ISDIR(info.st_mode)
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_FAILED, "%s is no folder; name another one", dir);
    }
    *fresh = 1;
    return make_parents(dir, ctl->p) && !mkdir(dir, 0700)
               ? CTL_OK
               : ctl_fail(ctl, CTL_FAILED, "%s can't be made: %s", dir,
                          apr_strerror(APR_FROM_OS_ERROR(errno), reason, sizeof reason));
}

static int give_folder(ctl_t *ctl, const ctl_owner_t *owner, const char *dir, int fresh)
{
    return (fresh && chmod(dir, 0700)) || lchown(dir, owner->uid, owner->gid)
               ? ctl_fail(ctl, CTL_FAILED, "%s can't be given to user %s", dir,
                          ctl_user_name(owner->uid, ctl->p))
               : CTL_OK;
}

/* Root's hand: the folder becomes the owner's if nobody can have files of his own in it, or if it
 * is --state's and the administrator has typed whose it is to be. */
static int make_owned_folder(ctl_t *ctl, const char *dir, int is_state)
{
    struct stat info;
    ctl_owner_t owner;
    int fresh = 0;
    const char *why = geteuid() ? NULL : ctl_new_owner(&owner, ctl);
    int code = why ? ctl_fail(ctl, CTL_FAILED, "%s", why) : make_folder(&fresh, ctl, dir);
    if (code || geteuid() || lstat(dir, &info) || !S_ISDIR(info.st_mode) ||
        info.st_uid == owner.uid) {
        return code;
    }
    if (fresh || (is_state && ctl->owner)) {
        return give_folder(ctl, &owner, dir, fresh);
    }
    const char *user = ctl_user_name(owner.uid, ctl->p);
    return ctl->settings ? ctl_fail(ctl, CTL_FAILED,
                                    "%s is user %s's and not empty, so it is left alone, but user "
                                    "%s has to own the database's folder; name a new folder, or, "
                                    "if this one serves nothing else, do \"chown %s: %s\"",
                                    dir, ctl_user_name(info.st_uid, ctl->p), user, user, dir)
                         : CTL_OK; /* the settings may put the database elsewhere */
}

/* Before the settings are read, since they may stand in the folder. */
int ctl_init_before(ctl_t *ctl)
{
    return ctl->state ? make_owned_folder(ctl, ctl_state_path(ctl), 1) : CTL_OK;
}

static int make_database_folder(ctl_t *ctl)
{
    const char *file = ctl_database_file(ctl);
    return file ? make_owned_folder(ctl, ctl_folder_of(file, ctl->p), 0) : CTL_OK;
}

static int is_there(const char *path)
{
    struct stat info;
    return !lstat(path, &info);
}

/* The caller's own, root's as a rule: httpd reads the key before it drops its rights. */
static int make_key_folder(ctl_t *ctl)
{
    int fresh = 0;
    return make_folder(&fresh, ctl, ctl_folder_of(ctl->settings->key_file, ctl->p));
}

/* A new key beside an old database would only hide that the right one is lost. */
static int make_key(ctl_t *ctl)
{
    const char *why = NULL;
    const char *file = ctl_database_file(ctl);
    if (!is_there(ctl->settings->key_file) && file && is_there(file)) {
        return ctl_fail(
            ctl, CTL_FAILED,
            "there is a database %s, but not its key file %s; restore the key file from "
            "its copy, or, if nothing in the database matters, remove the database",
            file, ctl->settings->key_file);
    }
    apr_status_t rv = pd_keyring_create(ctl->settings->key_file, &why, ctl->p);
    if (rv == APR_EEXIST) {
        return CTL_OK;
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the key file can't be made", why);
    }
    ctl_say(ctl,
            "Key file %s made. Keep a copy apart from the database's: without it nothing can be "
            "read.",
            ctl->settings->key_file);
    return CTL_OK;
}

static int apply(ctl_t *ctl)
{
    const char *why = NULL;
    int applied = 0;
    apr_status_t rv = pd_migrate_apply(&applied, &why, ctl->db, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the database can't be migrated", why);
    }
    ctl_answer_number(ctl, "applied", applied);
    ctl_answer_number(ctl, "schema", pd_migrate_wanted());
    ctl_say(ctl, "Database: schema version %d; migrations applied now: %d.", pd_migrate_wanted(),
            applied);
    return CTL_OK;
}

static void tell_next(ctl_t *ctl)
{
    const char *where = apr_pstrcat(ctl->p, ctl->state ? "--state " : "--config ",
                                    ctl->state ? ctl->state : ctl->config, NULL);
    const char *file = ctl_database_file(ctl); /* other parameters may hold a password */
    const char *database = file ? apr_psprintf(ctl->p, "sqlite3 \"%s\"", file)
                                : apr_psprintf(ctl->p, "%s ...", ctl->settings->database_driver);
    ctl_answer_text(ctl, "key_file", ctl->settings->key_file);
    ctl_say(ctl,
            "Next:\n"
            "  pdportalctl policy publish POLICY.txt --lang %s %s\n"
            "  pdportalctl policy publish CONSENT.txt --lang %s --kind processing %s\n"
            "  pdportalctl check %s\n"
            "then start httpd with the directives PDPortalDatabase %s and PDPortalKeyFile \"%s\".",
            ctl->settings->language, where, ctl->settings->language, where, where, database,
            ctl->settings->key_file);
}

int ctl_init(ctl_t *ctl)
{
    int code = make_database_folder(ctl); /* first: the key's folder may be the same */
    if (!code) {
        code = make_key_folder(ctl);
    }
    if (!code) {
        code = make_key(ctl);
    }
    if (code) {
        return code;
    }
    const char *why = ctl_read_keys(ctl);
    if (!why) {
        why = ctl_drop_rights(ctl);
    }
    if (!why) {
        why = ctl_open_database(ctl, 0);
    }
    if (why) {
        return ctl_fail(ctl, CTL_FAILED, "%s", why);
    }
    code = apply(ctl);
    if (code) {
        return code;
    }
    pd_db_forget_connections(ctl->db);
    apr_status_t rv = pd_portal_bind_key(&why, &ctl->portal, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the database can't be bound to the key file", why);
    }
    tell_next(ctl);
    return CTL_OK;
}

int ctl_migrate(ctl_t *ctl)
{
    const char *why = ctl_drop_rights(ctl);
    const char *file = ctl_database_file(ctl);
    if (!why && geteuid() == 0 && file && !is_there(file)) {
        why =
            "there is no database yet, and one of root's making could not be written by httpd; run "
            "\"pdportalctl init\"";
    }
    if (!why) {
        why = ctl_open_database(ctl, 0);
    }
    return why ? ctl_fail(ctl, CTL_FAILED, "%s", why) : apply(ctl);
}
