/* Inside of the template engine: the scanner's tags, the parser's state, the flat nodes that the
 * renderer walks. Not for other rooms.
 *
 *   source --scan--> tags --parse--> nodes (one array per source) --render--> pd_buf_t
 */
#ifndef PD_MUSTACHE_INT_H
#define PD_MUSTACHE_INT_H
#include <apr_hash.h>
#include "tmpl/pd_mustache.h"

#define PD_MUSTACHE_DEPTH_MAX  64
#define PD_MUSTACHE_SOURCE_MAX (1024 * 1024)

typedef struct pd_program_t pd_program_t;

typedef enum {
    PD_NODE_TEXT,
    PD_NODE_VALUE,    /* escaped */
    PD_NODE_RAW,      /* as it is; in templates of kind TEXT every value */
    PD_NODE_SECTION,  /* inner nodes follow, up to `end` */
    PD_NODE_INVERTED, /* the same */
    PD_NODE_PARTIAL,
    PD_NODE_PARENT, /* its overriding BLOCK nodes follow, up to `end` */
    PD_NODE_BLOCK,  /* inner nodes follow, up to `end` */
    PD_NODE_PLURAL, /* one FORM node per form follows, up to `end` */
    PD_NODE_FORM    /* inner nodes follow, up to `end` */
} pd_node_e;

typedef struct pd_node_t {
    pd_node_e kind;
    int end;                /* index behind the last inner node */
    int line_start;         /* TEXT: stands at the start of a line of its source */
    int midline;            /* PARENT, BLOCK: something of its line stands before it */
    apr_size_t offset;      /* TEXT, while parsing: where in the program's bytes */
    const char *text;       /* TEXT: bytes. PARTIAL, PARENT, BLOCK: white space before each line */
    apr_size_t length;      /* of `text` */
    const pd_name_t *parts; /* VALUE, RAW, SECTION, INVERTED, PLURAL: the name; none means "." */
    int n_parts;
    const char *block;           /* BLOCK: its name, the same pointer for the same name */
    const pd_program_t *program; /* PARTIAL, PARENT: NULL when there is no such source */
} pd_node_t;

struct pd_program_t {
    const pd_node_t *nodes;
    int n_nodes;
};

struct pd_mustache_t {
    pd_program_t program;
    const pd_catalogue_t *catalogue;
};

/* --- scanner --- */

/* A tag of the source. `sigil` is 0 for a plain value, '&' for both raw forms. */
typedef struct pd_tag_t {
    char sigil;
    const char *name; /* trimmed slice of the source */
    apr_size_t length;
    apr_size_t begin, end; /* in the source, with the delimiters */
    int line;
} pd_tag_t;

typedef struct pd_scan_t {
    const char *source;
    apr_size_t length, pos;
    const char *open, *close;
    int line; /* of the place `counted` */
    apr_size_t counted;
    int inside; /* the source is words within a line: its start is no start of a line */
    apr_pool_t *pool;
} pd_scan_t;

typedef enum { PD_SCAN_TAG, PD_SCAN_END, PD_SCAN_FAULT } pd_scan_e;

void pd_scan_init(pd_scan_t *scan, const char *source, apr_pool_t *p);

/* The next tag; `pos` goes behind it. A change of delimiters is done here. `fault` is a phrase. */
pd_scan_e pd_scan_next(pd_scan_t *scan, pd_tag_t *tag, const char **fault);

/* Is there only white space between the start of the line (`line_begin`) and the tag? */
int pd_scan_blank_before(apr_size_t *line_begin, const pd_scan_t *scan, const pd_tag_t *tag);

/* ... between the tag and the line's end? `after` is then where the next line begins. */
int pd_scan_blank_after(apr_size_t *after, const pd_scan_t *scan, const pd_tag_t *tag);

/* --- words --- */

typedef struct pd_words_t {
    const char *id;
    const char *plural; /* NULL unless {{#_n}} */
    const char *count;  /* the name after _n */
    int line;
} pd_words_t;

/* Is this tag {{#_}} or {{#_n name}}? */
int pd_words_begin(const pd_tag_t *tag);

/* Reads on to the closing tag. A fault as a phrase, or NULL. */
const char *pd_words_read(pd_words_t *words, pd_scan_t *scan, const pd_tag_t *tag);

/* --- parser --- */

typedef struct pd_compile_t {
    const pd_mustache_options_t *options;
    const char *suffix;   /* of file names of partials: ".html" */
    apr_hash_t *programs; /* partial's name -> pd_program_t, or an empty one */
    apr_hash_t *blocks;   /* name -> the one copy of it */
    const char *why;
    int depth;
    apr_pool_t *pool;
} pd_compile_t;

typedef struct pd_open_t {
    pd_tag_t tag;
    int node;
    apr_size_t base; /* the parser's before this tag */
    int first;       /* only white space before it on its line */
} pd_open_t;

typedef struct pd_parser_t {
    pd_compile_t *compile;
    const char *file;
    const char *words; /* inside a translation: its id, for messages */
    pd_scan_t scan;
    apr_array_header_t *nodes; /* of pd_node_t */
    pd_buf_t *bytes;           /* all static text of the program, one after the other */
    int sealed;                /* the last node may not take more text */
    apr_size_t base;           /* white space that the enclosing block strips from each line */
    apr_array_header_t *names; /* inside words: the names used, const char * */
    pd_open_t open[PD_MUSTACHE_DEPTH_MAX];
    int n_open;
} pd_parser_t;

/* Sets `why` and gives PD_ETEMPLATE. */
apr_status_t pd_parser_fail(pd_parser_t *parser, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Parses the parser's source up to its end. */
apr_status_t pd_parser_run(pd_parser_t *parser);

pd_node_t *pd_parser_add(pd_parser_t *parser, pd_node_e kind);

/* The node's inner part ends here. */
void pd_parser_end(pd_parser_t *parser, int node);

/* Adds the static text of a stretch of the source, less the enclosing block's margin. `marked`: a
 * tag follows that does not stand alone, so that even an empty start of a line leaves its mark. */
void pd_parser_flush(pd_parser_t *parser, apr_size_t from, apr_size_t to, int marked);

/* Directly within {{<parent}}, where only blocks count? */
int pd_parser_in_parent(const pd_parser_t *parser);

/* How much white space stands at the start of a line, at most `most`. */
apr_size_t pd_count_blanks(const char *line, apr_size_t most);

/* Words with single joints between them? */
int pd_name_good(const char *name, apr_size_t length, char joint);

/* Is the name in the NULL-ended list? */
int pd_name_listed(const char *const *names, const char *name, apr_size_t length);

/* Checks a name and gives it to the node. */
apr_status_t pd_parser_name(pd_parser_t *parser, int node, const char *name, apr_size_t length,
                            int line);

/* Compiles words in place: the translation, or the id itself. */
apr_status_t pd_parser_words(pd_parser_t *parser, const pd_words_t *words);

#endif
