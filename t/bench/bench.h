/* What the C programs of make bench share: an open portal, by the configuration file of one. */
#ifndef PD_BENCH_H
#define PD_BENCH_H
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>
#include "portal/pd_portal.h"

#define BENCH_CONNECTIONS 2
#define BENCH_WAIT        apr_time_from_sec(60)

/* Everybody's. */
#define BENCH_PASSWORD "quiet-harbour lantern 42"

static inline const char *bench_login(int number, apr_pool_t *p)
{
    return apr_psprintf(p, "person%07d", number);
}

__attribute__((format(printf, 1, 2))) static inline void bench_fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

static inline int bench_number(const char *text, int most)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*end || end == text || number < 0 || number > most) {
        bench_fail("%s: a number up to %d is wanted", text, most);
    }
    return (int)number;
}

/* Opened for reading and writing, its key checked. Ends the program when that can't be. */
static inline void bench_open(pd_portal_t *portal, const char *config, apr_pool_t *p)
{
    pd_settings_t *settings = pd_settings_new(p);
    pd_keyring_t *keys = NULL;
    const char *why = pd_settings_read_file(settings, config, p);
    if (!why) {
        pd_settings_complete(settings, p);
        why = pd_settings_check(settings, p);
    }
    if (why || pd_keyring_load(&keys, settings->key_file, &why, p)) {
        bench_fail("%s: %s", config, why);
    }
    pd_db_options_t options = {settings->database_driver, settings->database_params,
                               BENCH_CONNECTIONS, BENCH_WAIT, 1};
    *portal = (pd_portal_t){.settings = settings, .keys = keys};
    if (pd_db_open(&portal->db, &why, &options, p) || pd_portal_check_key(&why, portal, p)) {
        bench_fail("%s: %s", config, why);
    }
}

#endif
