/* Status codes of our own, beside APR's. A function that can fail returns apr_status_t and nothing
 * else by that type; normal outcomes (wrong password, expired) are an enum through an output. */
#ifndef PD_STATUS_H
#define PD_STATUS_H
#include <apr_errno.h>

#define PD_STATUS_BASE (APR_OS_START_USERERR + 4200)
/* A lock, a connection or a place in a queue was not to be had in time: 503 + Retry-After. */
#define PD_EBUSY (PD_STATUS_BASE + 1)
/* The database can't be reached, the connection broke, or storage is full, read-only or failing:
 * 503 + Retry-After. */
#define PD_EAWAY (PD_STATUS_BASE + 2)
/* The engine refused a statement, or the database is damaged. */
#define PD_ESQL (PD_STATUS_BASE + 3)
/* A sealed value is forged, moved, truncated or under another key: one error for all of these. */
#define PD_ESEAL (PD_STATUS_BASE + 4)
/* The database's schema is older or newer than this program. */
#define PD_ESCHEMA (PD_STATUS_BASE + 5)
/* The key file is missing, malformed, readable by others, or not the one this database uses. */
#define PD_EKEY (PD_STATUS_BASE + 6)
/* Bytes from outside are malformed (NUL, invalid UTF-8, doubled name, bad escape). */
#define PD_ETEXT (PD_STATUS_BASE + 7)
/* Bytes from outside are over a limit. */
#define PD_ELIMIT (PD_STATUS_BASE + 8)
/* A template or a catalogue is at fault; the text says file and line. */
#define PD_ETEMPLATE (PD_STATUS_BASE + 9)

/* One short English phrase for an operator's log; for APR codes APR's own text. Any thread. */
const char *pd_status_text(apr_status_t status, char *buffer, apr_size_t size);

#endif
