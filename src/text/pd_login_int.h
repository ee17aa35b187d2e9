/* What is known about single characters of login names; inside the room only. Any thread. */
#ifndef PD_LOGIN_INT_H
#define PD_LOGIN_INT_H
#include <utf8proc.h>

typedef enum {
    PD_SCRIPT_NONE, /* belongs to every alphabet: digits, marks, ". _ -" */
    PD_SCRIPT_LATIN,
    PD_SCRIPT_CYRILLIC,
    PD_SCRIPT_GREEK,
    PD_SCRIPT_ARMENIAN,
    PD_SCRIPT_GEORGIAN,
    PD_SCRIPT_HEBREW,
    PD_SCRIPT_ARABIC,
    PD_SCRIPT_OTHER /* all the rest together, so that kana and kanji may stand side by side */
} pd_script_e;

/* Of a letter that may stand in a name; PD_SCRIPT_NONE for anything else. */
pd_script_e pd_login_script(utf8proc_int32_t c);

/* The character that `c` is mistaken for, or `c` itself. Lower case in and out. */
utf8proc_int32_t pd_login_lookalike(utf8proc_int32_t c);

#endif
