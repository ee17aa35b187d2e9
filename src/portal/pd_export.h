/* Export (F35; seed 2.2, 6.1.2): everything that is stored of a person, for the person. Asked for
 * by somebody who has just proved who it is; downloaded by links that the portal alone shows, bound
 * to that session, good for an hour and once each. docs/export.md describes the file.
 *
 * What is in it is a table: one row per section, each with a statement that reads a page of its
 * rows by key. So the whole is never in memory, and no connection is held while a page goes out. */
#ifndef PD_EXPORT_H
#define PD_EXPORT_H
#include "portal/pd_person.h"

/* Of the JSON file: raised when a member changes its meaning or goes; new ones don't raise it. */
#define PD_EXPORT_VERSION 1

#define PD_EXPORT_LIFETIME apr_time_from_sec(3600)

typedef enum { PD_EXPORT_JSON = 0, PD_EXPORT_HTML, PD_EXPORT_FORMATS } pd_export_format_e;

/* As routes and the journal call them, by pd_export_format_e. */
extern const char *const pd_export_formats[];

/* Whose session asks. */
typedef struct pd_export_who_t {
    const char *person_id, *session_id;
} pd_export_who_t;

/* Makes one link per format; those that this session got before are void. Journalled. */
apr_status_t pd_export_ask(const char *tokens[PD_EXPORT_FORMATS], const pd_portal_t *portal,
                           const pd_export_who_t *who, apr_pool_t *p);

/* Uses a link. Journalled before anything is shown. `taken` 0: it is used, late, void, made up, or
 * another session's. */
apr_status_t pd_export_take(int *taken, const pd_portal_t *portal, const pd_export_who_t *who,
                            pd_export_format_e format, const char *token, apr_pool_t *p);

/* What a value is, for those who write it down. */
typedef enum {
    PD_EXPORT_KEY,  /* not shown: the key of the row, by which pages follow and seals are bound */
    PD_EXPORT_ID,   /* the same, shown */
    PD_EXPORT_TEXT, /* as somebody wrote it */
    PD_EXPORT_WORD, /* one of few, in English: templates have words for it */
    PD_EXPORT_NUMBER,
    PD_EXPORT_INSTANT, /* 0: none */
    PD_EXPORT_FLAG,
    PD_EXPORT_OBJECT,        /* text of a JSON object, or "" */
    PD_EXPORT_MARKUP,        /* HTML that the portal made */
    PD_EXPORT_SEALED,        /* in the table only: becomes a text, "" where nothing was stored */
    PD_EXPORT_SEALED_OBJECT, /* likewise: becomes an object */
    PD_EXPORT_ORIGIN         /* likewise: becomes several */
} pd_export_kind_e;

typedef struct pd_export_cell_t {
    const char *name; /* "created_at" */
    pd_export_kind_e kind;
    const char *text;   /* never NULL */
    apr_int64_t number; /* NUMBER, INSTANT, FLAG */
} pd_export_cell_t;

/* A row: an array of pd_export_cell_t. Nothing that is not known is left out. */
typedef apr_array_header_t pd_export_row_t;

struct pd_export_t;

/* Adds the next rows (pd_export_row_t *) of its section, and sets `after` and `more`. */
typedef apr_status_t pd_export_read_fn(apr_array_header_t *rows, struct pd_export_t *export,
                                       apr_pool_t *p);

typedef struct pd_export_column_t {
    const char *name;
    pd_export_kind_e kind;
    const char *place; /* SEALED, ORIGIN: as of pd_seal; the row's key is its row */
} pd_export_column_t;

typedef struct pd_export_section_t {
    const char *name;   /* "sign_ins": in the file, and in template export-title.html */
    const char *fields; /* which of pd_fields, parted by spaces */
    pd_export_read_fn *read;
    const pd_sql_t *sql; /* for pd_export_read_table: (who, after, limit), the key first */
    const pd_export_column_t *columns; /* likewise, as those of `sql`; ended by name NULL */
    int by_pseudonym;                  /* likewise: whose rows they are */
    int page;                          /* rows read at a time */
} pd_export_section_t;

/* In the order of the file, ended by name NULL. */
extern const pd_export_section_t pd_export_sections[];

#define PD_EXPORT_KEY_MAX 256

typedef struct pd_export_t {
    const pd_portal_t *portal;
    pd_person_t person;
    const char *language; /* of names of places */
    apr_time_t made_at;
    apr_time_t newest; /* row of the journal, when the section that reads it began */
    const pd_export_section_t *section;
    char after[PD_EXPORT_KEY_MAX]; /* key of the last row read of the section; "": none yet */
    int begun;                     /* the section has given a page */
    int given;                     /* and a row */
    int more;                      /* it may have another */
} pd_export_t;

/* A page of a section. */
typedef struct pd_export_page_t {
    const pd_export_section_t *section; /* NULL: that was all */
    const apr_array_header_t *rows;     /* of pd_export_row_t * */
    int begins, ends;                   /* the first, the last of its section */
    int follows;                        /* rows of its section stand in pages before it */
} pd_export_page_t;

/* Before the first page. The export lives in `p`. APR_ENOENT: there is no such person. */
apr_status_t pd_export_begin(pd_export_t **export, const pd_portal_t *portal, const char *person_id,
                             const char *language, apr_pool_t *p);

/* The next page, in `p`, which may be cleared before the one after it. */
apr_status_t pd_export_next(pd_export_page_t *page, pd_export_t *export, apr_pool_t *p);

/* The file in JSON: its head, each page, its end. Text that is not UTF-8 loses the bytes that are
 * not. PD_ESQL: a page is over the buffer's bound. */
void pd_export_json_begin(pd_buf_t *to, const pd_export_t *export, apr_pool_t *p);
apr_status_t pd_export_json_page(pd_buf_t *to, const pd_export_page_t *page, apr_pool_t *p);
void pd_export_json_end(pd_buf_t *to);

#endif
