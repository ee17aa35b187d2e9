/* restore: puts a backup in the place of the database. All work is done on a file beside it, which
 * takes its place when nothing can go wrong any more. */
#include "cli/ctl.h"

#include "base/pd_status.h"

#include "base/pd_bell.h"
#include "base/pd_clock.h"
#include "db/pd_copy.h"
#include "db/pd_migrate.h"
#include "portal/pd_backup.h"
#include "portal/pd_coherence.h"
#include "portal/pd_destruction.h"
#include "portal/pd_journal.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ctl_remove_database(ctl_t *ctl, const char *file)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", "-gate"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        unlink(ctl_beside(ctl, file, ends[i]));
    }
}

typedef struct restore_t {
    ctl_t *ctl;
    const char *from, *database, *part;
    int replaces; /* there is a database */
    const char *aside;
    pd_portal_t copy;
    apr_status_t copy_status; /* of repeating an act in the copy */
    int acts_read;            /* those of the database that is replaced */
} restore_t;

static int copy_file(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    ctl_remove_database(ctl, restore->part);
    apr_status_t rv =
        apr_file_copy(restore->from, restore->part, APR_FPROT_UREAD | APR_FPROT_UWRITE, ctl->p);
    if (!rv) {
        rv = pd_backup_open(&restore->copy, &ctl->portal, restore->part, 0, ctl->p);
    }
    return rv ? ctl_fail_status(ctl, rv, "the backup can't be read", NULL) : CTL_OK;
}

static int check_copy(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    int sound = 0, version, applied;
    const char *why = NULL;
    apr_status_t rv = pd_db_check(&sound, restore->copy.db, ctl->p);
    if (rv || !sound) {
        return ctl_fail(ctl, CTL_UNSOUND, "%s is damaged, or no database", restore->from);
    }
    rv = pd_migrate_current(&version, restore->copy.db, ctl->p);
    if (!rv && version == 0) {
        return ctl_fail(ctl, CTL_FAILED, "%s is no backup of a portal", restore->from);
    }
    if (!rv) {
        rv = pd_migrate_apply(&applied, &why, restore->copy.db, ctl->p);
    }
    if (!rv) {
        rv = pd_portal_check_key(&why, &restore->copy, ctl->p);
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the backup does not fit", why);
    }
    ctl_say(ctl, "The copy is sound; its schema was version %d.", version);
    return CTL_OK;
}

static int check_journal(restore_t *restore)
{
    pd_journal_report_t report;
    ctl_t *ctl = restore->ctl;
    apr_status_t rv = pd_journal_verify(&report, &restore->copy, NULL, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the copy's journal can't be read", NULL);
    }
    if (report.finding != PD_JOURNAL_SOUND) {
        return ctl_fail(ctl, CTL_UNSOUND, "the copy's journal is not whole: host %s, row %ld",
                        report.host ? report.host : "", (long)report.sequence);
    }
    ctl_say(ctl, "Its journal is whole: %ld rows.", (long)report.rows);
    return CTL_OK;
}

static int give_keys(restore_t *restore)
{
    apr_int64_t keys;
    ctl_t *ctl = restore->ctl;
    const char *file = ctl_keys_file(ctl, restore->from);
    apr_status_t rv = pd_backup_give_keys(&keys, &restore->copy, file, ctl->p);
    if (rv) {
        return ctl_fail_status(
            ctl, rv, apr_psprintf(ctl->p, "the keys can't be put back from %s", file),
            rv == PD_EKEY    ? "it is older than the backup, changed, or another portal's: take the"
                               " newest one"
            : rv == PD_ETEXT ? "it is no such file, or not whole"
                             : NULL);
    }
    ctl_answer_number(ctl, "keys", keys);
    ctl_say(ctl, "%ld keys are back.", (long)keys);
    return CTL_OK;
}

static apr_status_t repeat_act(void *baton, const pd_destruction_t *act, apr_pool_t *p)
{
    int done;
    restore_t *restore = baton;
    restore->copy_status = pd_destruction_repeat(&done, &restore->copy, act, p);
    return restore->copy_status;
}

/* Whoever was destroyed may be back, which only a person may decide: that a database can't be read
 * may be why somebody restores. */
static int need_leave(restore_t *restore, const char *what)
{
    ctl_t *ctl = restore->ctl;
    if (!(ctl->given & CTL_WITHOUT_ACTS)) {
        return ctl_fail(ctl, CTL_FAILED,
                        "%s: who was destroyed since the copy was made may come back; "
                        "--without-acts goes on without",
                        what);
    }
    ctl_say(ctl, "%s: who was destroyed since the copy was made may be back.", what);
    ctl_answer_text(ctl, "unread", what);
    return CTL_OK;
}

/* The database that is replaced knows every destruction since the backup. Its schema may be newer
 * than this program: a downgrade is such a restore, and acts are read as ever. */
static int repeat_replaced(restore_t *restore)
{
    pd_portal_t old;
    ctl_t *ctl = restore->ctl;
    if (!restore->replaces) {
        return CTL_OK;
    }
    apr_status_t rv = pd_backup_open(&old, &ctl->portal, restore->database, 0, ctl->p);
    if (!rv) {
        rv = pd_destruction_each(&old, repeat_act, restore, ctl->p);
        pd_db_forget_connections(old.db);
    }
    if (restore->copy_status) {
        return ctl_fail_status(ctl, restore->copy_status, "destructions can't be repeated", NULL);
    }
    restore->acts_read = !rv;
    return rv ? need_leave(restore, apr_psprintf(ctl->p,
                                                 "the acts in %s, which is replaced, can't "
                                                 "be read",
                                                 restore->database))
              : CTL_OK;
}

static int repeat_list(restore_t *restore)
{
    struct stat info;
    apr_int64_t again;
    ctl_t *ctl = restore->ctl;
    const char *list = ctl_beside(ctl, restore->from, ".destroyed");
    int code = CTL_OK;
    if (!restore->acts_read && stat(list, &info)) {
        code = need_leave(restore, apr_psprintf(ctl->p, "there is no list %s", list));
    }
    return code ? code : ctl_repeat_destroyed(ctl, &again, &restore->copy, list);
}

/* Keys of another line of copies, as made by a portal that was itself restored, lack people whom
 * nobody has destroyed. */
static int confirm_keyless(restore_t *restore)
{
    apr_int64_t keyless;
    ctl_t *ctl = restore->ctl;
    apr_status_t rv = pd_backup_keyless(&keyless, &restore->copy, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the copy's people can't be counted", NULL);
    }
    const char *number = apr_psprintf(ctl->p, "%" APR_INT64_T_FMT, keyless);
    if (!keyless || (ctl->confirm && !strcmp(ctl->confirm, number))) {
        return CTL_OK;
    }
    ctl_answer_number(ctl, "keyless", keyless);
    return ctl_fail(ctl, CTL_FAILED,
                    "%s people of the copy have no key in %s, and no list or act says that they "
                    "were destroyed; if they were, --confirm %s destroys them again",
                    number, ctl_keys_file(ctl, restore->from), number);
}

static int settle(restore_t *restore)
{
    apr_int64_t keyless = 0;
    ctl_t *ctl = restore->ctl;
    apr_status_t rv = pd_backup_destroy_keyless(&keyless, &restore->copy, ctl->p);
    if (!rv) {
        rv = pd_destruction_wipe(&restore->copy, ctl->p);
    }
    if (!rv) {
        rv = pd_backup_settle(&restore->copy, keyless, ctl->p);
    }
    ctl_answer_number(ctl, "keyless", keyless);
    if (keyless) {
        ctl_say(ctl, "%ld people without a key are destroyed too.", (long)keyless);
    }
    return rv ? ctl_fail_status(ctl, rv, "destructions can't be repeated", NULL) : CTL_OK;
}

/* A log without its database would be taken for the restored one's. */
static void remove_logs(restore_t *restore)
{
    static const char *const ends[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        unlink(ctl_beside(restore->ctl, restore->database, ends[i]));
    }
}

/* The last step that can fail for many reasons: while the database is still where it was. */
static int seal_copy(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    apr_status_t rv = pd_backup_seal(&restore->copy, restore->part, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "the restored database can't be brought to the disk", NULL)
              : CTL_OK;
}

static int move_logs(ctl_t *ctl, const char *from, const char *to)
{
    static const char *const ends[] = {"-wal", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (rename(ctl_beside(ctl, from, ends[i]), ctl_beside(ctl, to, ends[i])) &&
            errno != ENOENT) {
            return errno;
        }
    }
    return 0;
}

/* After an error: the database comes last, so that it never stands there without its log. */
static int put_back(restore_t *restore, apr_status_t rv, const char *what)
{
    ctl_t *ctl = restore->ctl;
    (void)rename(restore->database, restore->part);
    if (restore->replaces && (move_logs(ctl, restore->aside, restore->database) ||
                              rename(restore->aside, restore->database))) {
        what = apr_pstrcat(ctl->p, what, "; the database is ", restore->aside, NULL);
    }
    return ctl_fail_status(ctl, rv, what, NULL);
}

/* What stands there now is kept until somebody removes it, each under a name of its own: after a
 * second restore the first may be the one that counts. */
static const char *name_aside(restore_t *restore)
{
    apr_time_exp_t now;
    apr_time_exp_gmt(&now, pd_clock_now());
    return apr_psprintf(restore->ctl->p, "%s-before-%04d%02d%02dT%02d%02d%02dZ", restore->database,
                        now.tm_year + 1900, now.tm_mon + 1, now.tm_mday, now.tm_hour, now.tm_min,
                        now.tm_sec);
}

static int put_aside(restore_t *restore)
{
    struct stat info;
    ctl_t *ctl = restore->ctl;
    if (restore->replaces) {
        restore->aside = name_aside(restore);
        if (!lstat(restore->aside, &info)) {
            return ctl_fail(ctl, CTL_FAILED, "there is a %s already", restore->aside);
        }
        if (rename(restore->database, restore->aside)) {
            return ctl_fail_status(ctl, APR_FROM_OS_ERROR(errno), "the database can't be put aside",
                                   NULL);
        }
        int failed = move_logs(ctl, restore->database, restore->aside);
        if (failed) {
            return put_back(restore, APR_FROM_OS_ERROR(failed), "the log can't be put aside");
        }
    }
    remove_logs(restore);
    return CTL_OK;
}

static void say_aside(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    ctl_answer_text(ctl, "before", restore->aside);
    ctl_say(ctl,
            "The former database is %s. It holds people's data and keys: remove it as soon as "
            "all is well.",
            restore->aside);
}

/* From here on names only. */
static int put_in_place(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    int code = put_aside(restore);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_backup_place(restore->part, restore->database, ctl->p);
    if (rv) {
        return put_back(restore, rv, "the restored database can't be put in its place");
    }
    if (restore->replaces) {
        say_aside(restore);
    }
    ctl_answer_text(ctl, "database", restore->database);
    ctl_say(ctl,
            "Restored: %s. Everybody has to sign in again. Start httpd, then run \"pdportalctl "
            "check\".",
            restore->database);
    return CTL_OK;
}

static int work(restore_t *restore)
{
    int (*const steps[])(restore_t *) = {copy_file,       check_copy,  check_journal,   give_keys,
                                         repeat_replaced, repeat_list, confirm_keyless, settle,
                                         seal_copy,       put_in_place};
    int code = CTL_OK;
    for (size_t i = 0; !code && i < sizeof steps / sizeof *steps; i++) {
        code = steps[i](restore);
    }
    if (code) {
        ctl_remove_database(restore->ctl, restore->part);
    }
    return code;
}

/* Nobody may work on the database meanwhile, and nothing that is there is replaced by chance. */
static int may_restore(restore_t *restore)
{
    struct stat info;
    ctl_t *ctl = restore->ctl;
    const char *bell = pd_coherence_bell_path(ctl->settings, ctl->keys, ctl->p);
    apr_status_t rv = pd_bell_take(bell, ctl->p);
    if (rv == PD_EBUSY) {
        return ctl_fail(ctl, CTL_FAILED, "the portal is running; stop httpd first");
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "whether the portal is running is not known", NULL);
    }
    restore->replaces = !lstat(restore->database, &info);
    return restore->replaces && !(ctl->given & CTL_FORCE)
               ? ctl_fail(ctl, CTL_FAILED,
                          "there is a database %s; --force puts it aside for the backup",
                          restore->database)
               : CTL_OK;
}

int ctl_restore(ctl_t *ctl)
{
    restore_t restore = {.ctl = ctl, .database = ctl_database_file(ctl)};
    if (!restore.database) {
        return ctl_fail(ctl, CTL_FAILED,
                        "PostgreSQL is restored by pg_restore, then \"pdportalctl destructions "
                        "repeat\": docs/operations.md, \"Backups\"");
    }
    if (ctl->operands->nelts != 1) {
        return ctl_fail(ctl, CTL_USAGE, "write from which FILE");
    }
    restore.from = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    restore.part = ctl_beside(ctl, restore.database, "-restoring");
    const char *why = ctl_read_keys(ctl);
    if (!why) {
        why = ctl_drop_rights(ctl);
    }
    if (why) {
        return ctl_fail(ctl, CTL_FAILED, "%s", why);
    }
    int code = may_restore(&restore);
    return code ? code : work(&restore);
}
