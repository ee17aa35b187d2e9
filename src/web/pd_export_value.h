/* Pages of an export as the template "export-file.html" shows them. */
#ifndef PD_EXPORT_VALUE_H
#define PD_EXPORT_VALUE_H
#include "portal/pd_export.h"
#include "web/pd_page.h"

#define PD_EXPORT_FILE "export-file.html"

/* The values of one page of a section: a true member "s_SECTION", `begins`, `ends`, `is_empty`, and
 * the list `rows`, each with a list `cells`: maps with a true member "l_NAME" and one of `text`,
 * `long_text`, `instant`, `word` (with a true member "w_WORD", hyphens and dots being "_"),
 * `object` (a list of `name` and `value`). Cells that hold nothing are left out. Made in `p`.
 */
pd_value_t *pd_export_value(const pd_page_t *page, const pd_export_page_t *part, apr_pool_t *p);

#endif
