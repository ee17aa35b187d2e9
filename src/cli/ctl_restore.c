/* restore: puts a backup in the place of the database. All work is done on a file beside it, which
 * takes its place when nothing can go wrong any more. */
#include "cli/ctl.h"

#include "base/pd_status.h"

#include "base/pd_bell.h"
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
    pd_portal_t copy;
    apr_int64_t destroyed;
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
    apr_status_t rv = pd_destruction_repeat(&done, &restore->copy, act, p);
    restore->destroyed += !rv && done;
    return rv;
}

/* The database that is replaced knows every destruction since the backup. One that can't be read is
 * no reason to stop: that may be why somebody restores. */
static void repeat_replaced(restore_t *restore)
{
    pd_portal_t old;
    ctl_t *ctl = restore->ctl;
    apr_status_t rv = pd_backup_open(&old, &ctl->portal, restore->database, 1, ctl->p);
    if (!rv) {
        rv = pd_destruction_each(&old, repeat_act, restore, ctl->p);
        pd_db_forget_connections(old.db);
    }
    if (rv) {
        ctl_say(ctl, "The database that is replaced can't be read: what was destroyed after the "
                     "list was written may be back.");
        ctl_answer_text(ctl, "unread", restore->database);
    }
}

static int repeat_destructions(restore_t *restore)
{
    apr_int64_t keyless = 0;
    ctl_t *ctl = restore->ctl;
    if (restore->replaces) {
        repeat_replaced(restore);
    }
    int code =
        ctl_repeat_destroyed(ctl, &restore->copy, ctl_beside(ctl, restore->from, ".destroyed"));
    if (code) {
        return code;
    }
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

/* What stands there now is kept until somebody removes it. */
static int put_aside(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    const char *aside = ctl_beside(ctl, restore->database, "-before");
    if (!restore->replaces) {
        remove_logs(restore);
        return CTL_OK;
    }
    ctl_remove_database(ctl, aside);
    if (rename(restore->database, aside) ||
        (rename(ctl_beside(ctl, restore->database, "-wal"), ctl_beside(ctl, aside, "-wal")) &&
         errno != ENOENT)) {
        return ctl_fail_status(ctl, APR_FROM_OS_ERROR(errno), "the database can't be put aside",
                               NULL);
    }
    remove_logs(restore);
    ctl_answer_text(ctl, "before", aside);
    ctl_say(ctl,
            "The former database is %s. It holds people's data and keys: remove it as soon as "
            "all is well.",
            aside);
    return CTL_OK;
}

static int put_in_place(restore_t *restore)
{
    ctl_t *ctl = restore->ctl;
    int code = put_aside(restore);
    if (code) {
        return code;
    }
    apr_status_t rv = pd_backup_finish(&restore->copy, restore->part, restore->database, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "the restored database can't be put in its place", NULL);
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
    int (*const steps[])(restore_t *) = {copy_file, check_copy,          check_journal,
                                         give_keys, repeat_destructions, put_in_place};
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
