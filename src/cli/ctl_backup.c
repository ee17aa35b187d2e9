/* backup; destructions save and destructions repeat. */
#include "cli/ctl.h"

#include "base/pd_status.h"

#include "portal/pd_backup.h"
#include "portal/pd_destruction.h"

#include <apr_strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *ctl_beside(ctl_t *ctl, const char *file, const char *end)
{
    return apr_pstrcat(ctl->p, file, end, NULL);
}

const char *ctl_keys_file(ctl_t *ctl, const char *file)
{
    return ctl->keys_file ? ctl->keys_file : ctl_beside(ctl, file, ".keys");
}

static const char *operand(ctl_t *ctl)
{
    return ctl->operands->nelts ? APR_ARRAY_IDX(ctl->operands, 0, const char *) : NULL;
}

static int is_the_database(ctl_t *ctl, const char *file)
{
    struct stat ours, theirs;
    return !stat(ctl_database_file(ctl), &ours) && !stat(file, &theirs) &&
           ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

static int fail_step(ctl_t *ctl, apr_status_t rv, const char *what, const char *file)
{
    return ctl_fail_status(ctl, rv, apr_psprintf(ctl->p, "%s %s", what, file),
                           rv == PD_ETEXT ? "it is no such file, or not whole" : NULL);
}

int ctl_save_destroyed(ctl_t *ctl, const char *file)
{
    apr_int64_t added, all;
    apr_status_t rv = pd_destroyed_save(&added, &all, &ctl->portal, file, ctl->p);
    if (rv) {
        return fail_step(ctl, rv, "the list of destroyed people can't be written:", file);
    }
    ctl_answer_text(ctl, "destroyed_file", file);
    ctl_answer_number(ctl, "destroyed", all);
    ctl_say(ctl, "%s: %ld destroyed people, %ld of them new in it", file, (long)all, (long)added);
    return CTL_OK;
}

/* The keys first: with newer ones an older copy is as good as with its own. */
static apr_status_t take_copy(apr_int64_t *keys, ctl_t *ctl, const char *part, const char *file)
{
    pd_portal_t copy;
    ctl_remove_database(ctl, part); /* with the log of an interrupted run */
    apr_status_t rv = pd_backup_copy(&ctl->portal, part, ctl->p);
    if (!rv) {
        ctl_say(ctl, "Copied; now the keys are taken out.");
        rv = pd_backup_open(&copy, &ctl->portal, part, 1, ctl->p);
    }
    if (!rv) {
        rv = pd_backup_take_keys(keys, &copy, ctl_keys_file(ctl, file), ctl->p);
    }
    if (!rv) {
        rv = pd_backup_seal(&copy, part, ctl->p);
    }
    return rv ? rv : pd_backup_place(part, file, ctl->p);
}

int ctl_backup(ctl_t *ctl)
{
    apr_int64_t keys = 0;
    const char *file = operand(ctl);
    if (!ctl_database_file(ctl)) {
        return ctl_fail(ctl, CTL_FAILED,
                        "PostgreSQL is backed up by pg_dump, with \"pdportalctl destructions save\""
                        " beside it: docs/operations.md, \"Backups\"");
    }
    if (!file) {
        return ctl_fail(ctl, CTL_USAGE, "write into which FILE");
    }
    if (is_the_database(ctl, file)) {
        return ctl_fail(ctl, CTL_USAGE, "%s is the database itself; name another file", file);
    }
    const char *part = ctl_beside(ctl, file, ".part");
    apr_status_t rv = take_copy(&keys, ctl, part, file);
    if (rv) {
        ctl_remove_database(ctl, part);
        return fail_step(ctl, rv,
                         "there is no new backup; the database's owner has to be able to"
                         " write it:",
                         file);
    }
    ctl_answer_text(ctl, "file", file);
    ctl_answer_text(ctl, "keys_file", ctl_keys_file(ctl, file));
    ctl_answer_number(ctl, "keys", keys);
    ctl_say(ctl, "%s: the database without people's keys", file);
    ctl_say(ctl, "%s: %ld keys, wrapped by the master key", ctl_keys_file(ctl, file), (long)keys);
    int code = ctl_save_destroyed(ctl, ctl_beside(ctl, file, ".destroyed"));
    rv = code ? APR_SUCCESS : pd_backup_note(&ctl->portal, keys, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "the backup is good, but not in the journal", NULL) : code;
}

int ctl_destructions_save(ctl_t *ctl)
{
    const char *file = operand(ctl);
    return file ? ctl_save_destroyed(ctl, file) : ctl_fail(ctl, CTL_USAGE, "write into which FILE");
}

int ctl_repeat_destroyed(ctl_t *ctl, apr_int64_t *again, const pd_portal_t *portal,
                         const char *file)
{
    apr_int64_t all;
    apr_status_t rv = pd_destroyed_repeat(again, &all, portal, file, ctl->p);
    if (rv) {
        return fail_step(ctl, rv, "the list of destroyed people can't be repeated:", file);
    }
    ctl_answer_number(ctl, "listed", all);
    ctl_answer_number(ctl, "destroyed", *again);
    ctl_say(ctl, "%s: %ld destroyed people, %ld of them were there and are destroyed again", file,
            (long)all, (long)*again);
    return CTL_OK;
}

static int settle(ctl_t *ctl, apr_int64_t destroyed)
{
    apr_status_t rv = pd_backup_settle(&ctl->portal, destroyed, ctl->p);
    if (rv) {
        return ctl_fail_status(ctl, rv, "sessions, links and codes may live again", NULL);
    }
    ctl_say(ctl, "Sessions, links and codes are void; who is being closed can recall it.");
    return CTL_OK;
}

int ctl_destructions_repeat(ctl_t *ctl)
{
    struct stat info;
    apr_int64_t again = 0;
    const char *file = operand(ctl);
    if (!file) {
        return ctl_fail(ctl, CTL_USAGE, "write which FILE: \"destructions save\" made it");
    }
    if (stat(file, &info)) {
        return ctl_fail(ctl, CTL_FAILED, "there is no file %s", file);
    }
    int code = ctl_repeat_destroyed(ctl, &again, &ctl->portal, file);
    if (!code && (ctl->given & CTL_RESTORED)) {
        code = settle(ctl, again);
    }
    apr_status_t rv = code ? APR_SUCCESS : pd_destruction_wipe(&ctl->portal, ctl->p);
    return rv ? ctl_fail_status(ctl, rv, "older pages are left to the job \"destroy\"", NULL)
              : code;
}
