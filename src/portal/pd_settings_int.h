/* Between the files of the settings; not for others. */
#ifndef PD_SETTINGS_INT_H
#define PD_SETTINGS_INT_H
#include "portal/pd_settings.h"

/* "30min", as an administrator would write it. */
const char *pd_settings_time_text(apr_int64_t time, apr_pool_t *p);

/* "64M" likewise. */
const char *pd_settings_bytes_text(apr_int64_t bytes, apr_pool_t *p);

/* May a host be called so in the journal? */
#define PD_HOST_NAME_BYTES 256
int pd_settings_host_good(const char *name);

/* pd_settings_read_file for a text in memory, which is cut up in place; `path` is for messages. */
const char *pd_settings_read_text(pd_settings_t *settings, const char *path, char *text,
                                  apr_pool_t *p);

/* How the values of one type are read: NULL, or a sentence. `place` is the member that is set. */
typedef const char *pd_setting_fn(void *place, const pd_directive_t *row, const char *value,
                                  apr_pool_t *p);
pd_setting_fn pd_setting_text, pd_setting_file, pd_setting_url_path, pd_setting_base_url,
    pd_setting_relay, pd_setting_mailbox, pd_setting_zone, pd_setting_host, pd_setting_clauses,
    pd_setting_contact, pd_setting_networks;
pd_setting_fn pd_setting_flag, pd_setting_number, pd_setting_bytes, pd_setting_time,
    pd_setting_term, pd_setting_choice;
const char *pd_setting_database(const char **members, const pd_directive_t *row, const char *driver,
                                const char *params, apr_pool_t *p);

/* Leading digits; NULL when there are none or too many. Gives what follows them. */
const char *pd_setting_digits(apr_int64_t *number, const char *value);

/* The number of a word in "a|b|c", or -1; and the sentence that names the words of a row. */
int pd_setting_word_number(const char *words, const char *value);
const char *pd_setting_no_word(const pd_directive_t *row, const char *value, apr_pool_t *p);

/* "PDPortalPath: "x" " and the rest. */
const char *pd_setting_wrong(const pd_directive_t *row, const char *value, const char *rest,
                             apr_pool_t *p);

#endif
