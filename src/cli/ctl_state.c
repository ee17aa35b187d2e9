/* init and migrate: the commands that make a portal's state. */
#include "cli/ctl.h"

#include "base/pd_status.h"
#include "db/pd_migrate.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_OWNER "www-data"
#define FOLDER_MODE (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE)

/* Root gives a folder to the owner of the state. */
static int give_folder(ctl_t *ctl, const char *dir)
{
    if (geteuid() != 0 || !ctl->owner) {
        return CTL_OK;
    }
    const struct passwd *user = getpwnam(ctl->owner);
    if (!user || lchown(dir, user->pw_uid, user->pw_gid)) {
        return ctl_fail(ctl, CTL_FAILED, "%s can't be given to user %s", dir, ctl->owner);
    }
    return CTL_OK;
}

/* Makes a folder 0700 where there is none. */
static int make_folder(ctl_t *ctl, const char *dir)
{
    struct stat info;
    char reason[120];
    if (!stat(dir, &info)) {
        return S_ISDIR(info.st_mode)
                   ? CTL_OK
                   : ctl_fail(ctl, CTL_FAILED, "%s is no folder; name another one", dir);
    }
    apr_status_t rv = apr_dir_make_recursive(dir, FOLDER_MODE, ctl->p);
    if (rv) {
        return ctl_fail(ctl, CTL_FAILED, "%s can't be made: %s", dir,
                        apr_strerror(rv, reason, sizeof reason));
    }
    return give_folder(ctl, dir);
}

/* The folder of --state; one of root's was made for this. */
static int make_state_folder(ctl_t *ctl)
{
    struct stat info;
    const char *dir = ctl_state_path(ctl);
    int code = make_folder(ctl, dir);
    return !code && !lstat(dir, &info) && info.st_uid == 0 ? give_folder(ctl, dir) : code;
}

/* Before the settings are read, since they may stand in the folder. */
int ctl_init_before(ctl_t *ctl)
{
    if (geteuid() == 0 && !ctl->owner && getpwnam(USUAL_OWNER)) {
        ctl->owner = USUAL_OWNER;
    }
    if (geteuid() == 0 && ctl->owner && !getpwnam(ctl->owner)) {
        return ctl_fail(ctl, CTL_FAILED, "--owner: this system has no user \"%s\"", ctl->owner);
    }
    return ctl->state ? make_state_folder(ctl) : CTL_OK;
}

static const char *database_file(ctl_t *ctl)
{
    return pd_db_file(ctl->settings->database_driver, ctl->settings->database_params, ctl->p);
}

static int is_there(const char *path)
{
    struct stat info;
    return !lstat(path, &info);
}

/* A new key beside an old database would only hide that the right one is lost. */
static int make_key(ctl_t *ctl)
{
    const char *why = NULL;
    const char *file = database_file(ctl);
    if (is_there(ctl->settings->key_file)) {
        return CTL_OK;
    }
    if (file && is_there(file)) {
        return ctl_fail(
            ctl, CTL_FAILED,
            "there is a database %s, but not its key file %s; restore the key file from "
            "its copy, or, if nothing in the database matters, remove the database",
            file, ctl->settings->key_file);
    }
    apr_status_t rv = pd_keyring_create(ctl->settings->key_file, &why, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the key file can't be made", why);
    }
    ctl_say(ctl,
            "Key file %s made. Keep a copy apart from the database's: without it nothing can be "
            "read.",
            ctl->settings->key_file);
    return CTL_OK;
}

static int make_database_folder(ctl_t *ctl)
{
    const char *file = database_file(ctl);
    const char *slash = file ? strrchr(file, '/') : NULL;
    if (!slash || slash == file) {
        return CTL_OK;
    }
    return make_folder(ctl, apr_pstrmemdup(ctl->p, file, (apr_size_t)(slash - file)));
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
    ctl_answer_text(ctl, "key_file", ctl->settings->key_file);
    ctl_say(ctl,
            "Next:\n"
            "  pdportalctl policy publish POLICY.txt --lang %s %s\n"
            "  pdportalctl policy publish CONSENT.txt --lang %s --kind processing %s\n"
            "  pdportalctl check %s\n"
            "then start httpd with the directives PDPortalDatabase %s \"%s\" and PDPortalKeyFile "
            "\"%s\".",
            ctl->settings->language, where, ctl->settings->language, where, where,
            ctl->settings->database_driver, ctl->settings->database_params,
            ctl->settings->key_file);
}

int ctl_init(ctl_t *ctl)
{
    int code = make_key(ctl);
    if (!code) {
        code = make_database_folder(ctl);
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
    const char *file = database_file(ctl);
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
