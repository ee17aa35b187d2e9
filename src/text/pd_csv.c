/* Rows of CSV. */
#include "text/pd_csv.h"

static void add_cell(pd_buf_t *to, const char *text)
{
    pd_buf_putc(to, '"');
    if (*text != '\0' && strchr("=+-@\t\r", *text) != NULL) {
        pd_buf_putc(to, '\'');
    }
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            pd_buf_putc(to, '"');
        }
        pd_buf_putc(to, *text);
    }
    pd_buf_putc(to, '"');
}

void pd_csv_row(pd_buf_t *to, const char *const *cells)
{
    for (const char *const *cell = cells; *cell != NULL; cell++) {
        if (cell != cells) {
            pd_buf_putc(to, ',');
        }
        add_cell(to, *cell);
    }
    pd_buf_puts(to, "\r\n");
}
