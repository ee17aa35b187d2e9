/* Tables of alphabets and of look-alikes for login names. utf8proc knows no scripts, and the full
 * Unicode list of confusables (UTS 39) has thousands of rows for characters that login names can't
 * hold; these are the blocks of seven alphabets and the lower-case letters and digits that readers
 * of Latin, Cyrillic, Greek and Armenian take for one another. */
#include "text/pd_login_int.h"
#include <stdlib.h>

typedef struct {
    utf8proc_int32_t first, last;
    pd_script_e script;
} range_t;

static const range_t ranges[] = {
    {0x0041, 0x02b8, PD_SCRIPT_LATIN},    {0x0370, 0x03ff, PD_SCRIPT_GREEK},
    {0x0400, 0x052f, PD_SCRIPT_CYRILLIC}, {0x0531, 0x0588, PD_SCRIPT_ARMENIAN},
    {0x05d0, 0x05f4, PD_SCRIPT_HEBREW},   {0x0620, 0x06ff, PD_SCRIPT_ARABIC},
    {0x0750, 0x077f, PD_SCRIPT_ARABIC},   {0x0870, 0x08ff, PD_SCRIPT_ARABIC},
    {0x10a0, 0x10ff, PD_SCRIPT_GEORGIAN}, {0x1c80, 0x1c8f, PD_SCRIPT_CYRILLIC},
    {0x1c90, 0x1cbf, PD_SCRIPT_GEORGIAN}, {0x1e00, 0x1eff, PD_SCRIPT_LATIN},
    {0x1f00, 0x1fff, PD_SCRIPT_GREEK},    {0x2c60, 0x2c7f, PD_SCRIPT_LATIN},
    {0x2d00, 0x2d2f, PD_SCRIPT_GEORGIAN}, {0xa640, 0xa69f, PD_SCRIPT_CYRILLIC},
    {0xa722, 0xa7ff, PD_SCRIPT_LATIN},    {0xab30, 0xab6f, PD_SCRIPT_LATIN},
};

/* Letters that mimic Latin wholesale (Cherokee, phonetic and Coptic letters, Deseret, Lisu, Osage):
 * rather than tables for alphabets that UAX 31 advises against in names, they are left out. */
static const range_t mimics[] = {
    {0x13a0, 0x13ff, PD_SCRIPT_NONE},   {0x1d00, 0x1dbf, PD_SCRIPT_NONE},
    {0x2c80, 0x2cff, PD_SCRIPT_NONE},   {0xa4d0, 0xa4ff, PD_SCRIPT_NONE},
    {0xab70, 0xabbf, PD_SCRIPT_NONE},   {0x10400, 0x1044f, PD_SCRIPT_NONE},
    {0x104b0, 0x104ff, PD_SCRIPT_NONE},
};

static const range_t *find_range(const range_t *rows, size_t n_rows, utf8proc_int32_t c)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (c >= rows[i].first && c <= rows[i].last) {
            return &rows[i];
        }
    }
    return NULL;
}

pd_script_e pd_login_script(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    if (category < UTF8PROC_CATEGORY_LU || category > UTF8PROC_CATEGORY_LO) {
        return PD_SCRIPT_NONE;
    }
    if (find_range(mimics, sizeof(mimics) / sizeof(mimics[0]), c) != NULL) {
        return PD_SCRIPT_NONE;
    }
    const range_t *found = find_range(ranges, sizeof(ranges) / sizeof(ranges[0]), c);
    return found != NULL ? found->script : PD_SCRIPT_OTHER;
}

typedef struct {
    utf8proc_int32_t from, to;
} pair_t;

/* Sorted by `from`. */
static const pair_t lookalikes[] = {
    {'0', 'o'},    {'1', 'l'},    {0x0131, 'i'}, /* Latin: dotless i, tone six, alpha, dental click,
                                                    alpha, script g, iota, small I and Y */
    {0x0185, 'b'}, {0x01c0, 'l'}, {0x0251, 'a'}, {0x0261, 'g'}, {0x0269, 'i'},
    {0x026a, 'i'}, {0x028f, 'y'}, {0x03b1, 'a'}, /* Greek: alpha gamma eta iota kappa nu omicron rho
                                                    sigma upsilon chi omega */
    {0x03b3, 'y'}, {0x03b7, 'n'}, {0x03b9, 'i'}, {0x03ba, 'k'}, {0x03bd, 'v'},
    {0x03bf, 'o'}, {0x03c1, 'p'}, {0x03c3, 'o'}, {0x03c5, 'u'}, {0x03c7, 'x'},
    {0x03c9, 'w'}, {0x0430, 'a'}, /* Cyrillic: a be ge ie ze ka o er es u ha soft-sign */
    {0x0431, '6'}, {0x0433, 'r'}, {0x0435, 'e'}, {0x0437, '3'}, {0x043a, 'k'},
    {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0443, 'y'}, {0x0445, 'x'},
    {0x044c, 'b'}, {0x0455, 's'}, /* dze, i, je, omega, izhitsa, straight u, shha, palochka, de, qa,
                                     we */
    {0x0456, 'i'}, {0x0458, 'j'}, {0x0461, 'w'}, {0x0475, 'v'}, {0x04af, 'y'},
    {0x04bb, 'h'}, {0x04cf, 'l'}, {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'},
    {0x0566, 'q'}, /* Armenian: za ho yi vo seh ca o */
    {0x0570, 'h'}, {0x0575, 'j'}, {0x0578, 'n'}, {0x057d, 'u'}, {0x0581, 'g'},
    {0x0585, 'o'},
};

static int compare(const void *key, const void *row)
{
    utf8proc_int32_t c = *(const utf8proc_int32_t *)key;
    utf8proc_int32_t from = ((const pair_t *)row)->from;
    return (c > from) - (c < from);
}

utf8proc_int32_t pd_login_lookalike(utf8proc_int32_t c)
{
    const pair_t *found = bsearch(&c, lookalikes, sizeof(lookalikes) / sizeof(lookalikes[0]),
                                  sizeof(lookalikes[0]), compare);
    return found != NULL ? found->to : c;
}
