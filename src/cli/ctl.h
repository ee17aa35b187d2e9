/* What the commands of pdportalctl share: the command record, the parsed line, and the steps that
 * lead to an open portal. Core only; one thread. */
#ifndef PD_CTL_H
#define PD_CTL_H
#include <jansson.h>
#include <sys/types.h>
#include "portal/pd_person.h"

/* Exit codes. */
#define CTL_OK      0
#define CTL_FAILED  1
#define CTL_UNSOUND 2 /* check and verify-journal: something is unsound or overdue */
#define CTL_USAGE   64

/* Options, a bit each. */
typedef enum {
    CTL_STATE = 1,
    CTL_CONFIG = 2,
    CTL_JSON = 4,
    CTL_HELP = 8,
    CTL_OWNER = 16,
    CTL_LANG = 32,
    CTL_KIND = 64,
    CTL_EFFECTIVE = 128,
    CTL_EDITORIAL = 256,
    CTL_HEAD = 512,
    CTL_ROLE = 1024,
    CTL_LINK = 2048,
    CTL_ALL = 4096,
    CTL_VERSION = 8192,
    CTL_CSV = 16384,
    CTL_DROP = 32768,
    CTL_FILE = 65536,
    CTL_REASON = 131072,
    CTL_MONTH = 262144,
    CTL_AS = 524288,
    CTL_DRAFT = 1048576,
    CTL_CONFIRM = 2097152,
    CTL_TO = 4194304,
    CTL_FORCE = 8388608,
    CTL_KEYS = 16777216,
    CTL_WITHOUT_ACTS = 33554432,
    CTL_RESTORED = 67108864,
    CTL_AGAINST = 134217728
} ctl_option_e;
#define CTL_COMMON (CTL_JSON | CTL_HELP)
#define CTL_PORTAL (CTL_COMMON | CTL_STATE | CTL_CONFIG | CTL_OWNER)

/* What must stand before a command runs; each includes the ones before it. */
typedef enum {
    CTL_NEEDS_NOTHING,
    CTL_NEEDS_SETTINGS,
    CTL_NEEDS_PORTAL, /* settings, keys, privileges dropped, database with our schema and key */
    CTL_NEEDS_LETTERS /* the templates of letters, for what writes some */
} ctl_needs_e;

typedef struct ctl_t ctl_t;

typedef struct ctl_command_t {
    const char *name; /* "policy publish" */
    ctl_needs_e needs;
    int options; /* bits */
    int operands_max;
    const char *synopsis;      /* operands and own options */
    const char *purpose;       /* one line */
    const char *help;          /* paragraphs */
    int (*before)(ctl_t *ctl); /* NULL, or work with the caller's own rights (reading files) */
    int (*run)(ctl_t *ctl);    /* gives the exit code */
} ctl_command_t;

extern const ctl_command_t ctl_commands[]; /* ended by name NULL */

struct ctl_t {
    apr_pool_t *p;
    const ctl_command_t *command;
    int given; /* bits of options */
    int twice; /* bits of options given twice that may come once */
    const char *state, *config, *owner, *kind, *effective, *editorial, *role, *version, *file,
        *reason, *month, *as, *confirm, *to, *keys_file, *against;
    apr_array_header_t *heads;    /* of const char * */
    apr_array_header_t *langs;    /* of const char * */
    apr_array_header_t *operands; /* of const char * */
    json_t *answer;               /* what --json prints */
    void *baton;                  /* of the command, set by before() */

    pd_settings_t *settings;
    pd_keyring_t *keys;
    pd_db_t *db;
    pd_portal_t portal;
};

/* A line for people; nothing with --json. */
void ctl_say(ctl_t *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says what went wrong and gives the exit code. */
int ctl_fail(ctl_t *ctl, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a status; `what` is what could not be done, `why` NULL or more. */
int ctl_fail_status(ctl_t *ctl, apr_status_t status, const char *what, const char *why);

/* Adds to the answer of --json. */
void ctl_answer_text(ctl_t *ctl, const char *name, const char *text);
void ctl_answer_number(ctl_t *ctl, const char *name, apr_int64_t number);

/* The steps; NULL or a sentence. */
const char *ctl_read_settings(ctl_t *ctl);
const char *ctl_read_keys(ctl_t *ctl);
/* Root becomes the user who owns the state, so that the database never gets files of root's. */
const char *ctl_drop_rights(ctl_t *ctl);
/* Root leaves alone a key file that is not root's. If it belongs to the owner of the state, as it
 * does where httpd runs without root, that user is the one to read it. */
const char *ctl_become_key_owner(ctl_t *ctl);
/* Whether the database's files and their folder are one user's. */
const char *ctl_check_owners(ctl_t *ctl);
const char *ctl_open_database(ctl_t *ctl, int check_schema);

/* Whose a state is to be. */
typedef struct ctl_owner_t {
    int known;
    uid_t uid;
    gid_t gid;
} ctl_owner_t;
/* For init: --owner, who owns what is there, or the user httpd usually runs as. Works before the
 * settings are read. NULL or a sentence. */
const char *ctl_new_owner(ctl_owner_t *owner, ctl_t *ctl);
/* For messages: the user's name, or the number of one without. */
const char *ctl_user_name(uid_t uid, apr_pool_t *p);

/* NULL: the database is no file of this host. */
const char *ctl_database_file(ctl_t *ctl);
/* Of an absolute or relative path; without a slash at its end, so that lstat sees a link. */
const char *ctl_folder_of(const char *file, apr_pool_t *p);
/* The absolute path of --state. */
const char *ctl_state_path(ctl_t *ctl);

/* Brings the steps about that a command needs; CTL_OK or the exit code. */
int ctl_prepare(ctl_t *ctl);

/* "2026-11-22 21:05" in the portal's zone. */
const char *ctl_time_text(ctl_t *ctl, apr_time_t instant);

/* May this command use the person's data? It must stand in the table of ctl_purposes.c, and its
 * purpose must be lawful now; CTL_OK or the exit code. */
int ctl_use_person(ctl_t *ctl, const char *person_id);

/* Whose login or e-mail `name` is, with or without a password; CTL_OK or the exit code. Asks
 * ctl_use_person. */
int ctl_find_person(ctl_t *ctl, pd_person_t *person, const char *name);

/* For commands that show one person's data, before they do: notes it in the person's journal.
 * CTL_OK or the exit code. */
int ctl_note_look(ctl_t *ctl, const pd_person_t *person);

/* Likewise for those that show names of several people: one of pd_look.h. */
int ctl_note_list(ctl_t *ctl, const char *list);

/* Manual pages. */
void ctl_help_all(void);
void ctl_help_one(const ctl_command_t *command);

/* For before(): makes `baton` the array (of const char *) of the operands and the lines of --file,
 * which is read with the caller's rights. */
int ctl_names_read(ctl_t *ctl);
/* How many operands a command that takes names has at most; more stand in a file. */
#define CTL_NAMES_MAX 50

/* For policy publish --draft: keeps the publication as a draft of --as. */
struct pd_publication_t;
int ctl_draft_make(ctl_t *ctl, struct pd_publication_t *publication);

/* For backups: a name beside a file, where the keys of a backup are, and a database with all that
 * SQLite and the gate leave beside it. */
const char *ctl_beside(ctl_t *ctl, const char *file, const char *end);
const char *ctl_keys_file(ctl_t *ctl, const char *file);
void ctl_remove_database(ctl_t *ctl, const char *file);
/* CTL_OK or the exit code; a list that is not there is an empty one. `again`: how many of it were
 * there. */
int ctl_save_destroyed(ctl_t *ctl, const char *file);
int ctl_repeat_destroyed(ctl_t *ctl, apr_int64_t *again, const pd_portal_t *portal,
                         const char *file);

/* The commands. */
int ctl_backup(ctl_t *ctl);
int ctl_restore(ctl_t *ctl);
int ctl_destructions_save(ctl_t *ctl);
int ctl_destructions_repeat(ctl_t *ctl);
int ctl_init_before(ctl_t *ctl);
int ctl_init(ctl_t *ctl);
int ctl_migrate(ctl_t *ctl);
int ctl_policy_read(ctl_t *ctl);
int ctl_policy_publish(ctl_t *ctl);
int ctl_policy_list(ctl_t *ctl);
int ctl_policy_report(ctl_t *ctl);
int ctl_drafts_list(ctl_t *ctl);
int ctl_drafts_show(ctl_t *ctl);
int ctl_drafts_publish(ctl_t *ctl);
int ctl_drafts_withdraw(ctl_t *ctl);
int ctl_report_uses(ctl_t *ctl);
int ctl_staff_add(ctl_t *ctl);
int ctl_staff_remove(ctl_t *ctl);
int ctl_staff_list(ctl_t *ctl);
int ctl_sessions_list(ctl_t *ctl);
int ctl_sessions_end(ctl_t *ctl);
int ctl_factor_reset(ctl_t *ctl);
int ctl_passwords_expire(ctl_t *ctl);
int ctl_consents_find(ctl_t *ctl);
int ctl_consents_withdraw(ctl_t *ctl);
int ctl_withdrawals_list(ctl_t *ctl);
int ctl_withdrawals_done(ctl_t *ctl);
int ctl_notices_list(ctl_t *ctl);
int ctl_notices_stop(ctl_t *ctl);
int ctl_people_find(ctl_t *ctl);
int ctl_people_close(ctl_t *ctl);
int ctl_people_destroy(ctl_t *ctl);
int ctl_people_block(ctl_t *ctl);
int ctl_people_unblock(ctl_t *ctl);
int ctl_destructions_list(ctl_t *ctl);
int ctl_destructions_show(ctl_t *ctl);
int ctl_notices_read(ctl_t *ctl);
int ctl_notices_send(ctl_t *ctl);
int ctl_jobs_run(ctl_t *ctl);
int ctl_check(ctl_t *ctl);
int ctl_verify_journal(ctl_t *ctl);
int ctl_directives(ctl_t *ctl);
int ctl_purposes(ctl_t *ctl);

#endif
