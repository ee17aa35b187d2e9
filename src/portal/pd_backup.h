/* Backups of a SQLite database (F58), and putting one back.
 *
 *   FILE            the database without people's data keys: alone it opens nothing of anybody
 *   FILE.keys       these keys, each wrapped by the master key; each backup replaces the file, so
 *                   that with the newest one older copies open for those only who are still there
 *   FILE.destroyed  who was destroyed, ever; only added to
 *
 * What it does not do: a copy of FILE.keys made elsewhere keeps what it holds. docs/security.md. */
#ifndef PD_BACKUP_H
#define PD_BACKUP_H
#include "portal/pd_portal.h"

/* Steps of a backup, in their order. Each works on a new file `part`, made before with mode 0600,
 * and gives it its name when it is whole and on the disk. */

/* Copies the database into `part`, which gets its name only by pd_backup_place. */
apr_status_t pd_backup_copy(const pd_portal_t *portal, const char *part, apr_pool_t *p);

/* The copy as a portal, to be used and closed by its pool. PD_ESCHEMA and the like as pd_db_open.
 */
apr_status_t pd_backup_open(pd_portal_t *copy, const pd_portal_t *portal, const char *part,
                            int check_schema, apr_pool_t *p);

/* Takes the keys out of the copy into `keys_file`: written, on the disk, then in its place, then
 * removed from the copy. `keys`: how many. */
apr_status_t pd_backup_take_keys(apr_int64_t *keys, const pd_portal_t *copy, const char *keys_file,
                                 apr_pool_t *p);

/* Makes `part` one file without a log and puts it on the disk: what is left to do is a name.
 * Closes what pd_backup_open opened. */
apr_status_t pd_backup_seal(const pd_portal_t *copy, const char *part, apr_pool_t *p);

/* Gives it its name. After an error it may have it already. */
apr_status_t pd_backup_place(const char *part, const char *file, apr_pool_t *p);

/* Journals in the portal itself that a backup was made. */
apr_status_t pd_backup_note(const pd_portal_t *portal, apr_int64_t keys, apr_pool_t *p);

/* Puts keys back into a restored copy. PD_ETEXT: the file is not whole, or no such file.
 * PD_EKEY: it is older than the copy, or another key file's: people would be taken for destroyed
 * who are not. */
apr_status_t pd_backup_give_keys(apr_int64_t *keys, const pd_portal_t *copy, const char *keys_file,
                                 apr_pool_t *p);

/* After lists of destroyed people were repeated: whoever has no key still was destroyed after the
 * copy was made, for the newest keys lack his; or the keys are another line's, as those of a portal
 * that was itself restored. Only a person can tell: ask with the number before destroying. */
apr_status_t pd_backup_keyless(apr_int64_t *people, const pd_portal_t *copy, apr_pool_t *p);

/* Destroys what is left of them. */
apr_status_t pd_backup_destroy_keyless(apr_int64_t *people, const pd_portal_t *copy, apr_pool_t *p);

/* Ends what must not live again: sessions, and links, codes and spare codes that may have been used
 * since. Closings, and withdrawals for which the account is closed, may have been recalled since:
 * they end PD_CLOSING_DAYS from now, or later. Journals that the copy was put back. For both
 * engines. */
apr_status_t pd_backup_settle(const pd_portal_t *copy, apr_int64_t destroyed, apr_pool_t *p);

/* The list of destroyed people in a file, for both engines. Adds whom it lacks; what it holds
 * stays, also when the acts in the database are over. PD_ETEXT: it is no such file. */
apr_status_t pd_destroyed_save(apr_int64_t *added, apr_int64_t *all, const pd_portal_t *portal,
                               const char *file, apr_pool_t *p);

/* Destroys again whoever is in the list and in the database. `again`: how many there were. */
apr_status_t pd_destroyed_repeat(apr_int64_t *again, apr_int64_t *all, const pd_portal_t *portal,
                                 const char *file, apr_pool_t *p);

#endif
