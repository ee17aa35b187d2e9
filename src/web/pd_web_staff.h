/* What the staff's pages share. */
#ifndef PD_WEB_STAFF_H
#define PD_WEB_STAFF_H
#include "portal/pd_document.h"
#include "portal/pd_person.h"
#include "web/pd_page.h"

/* The login of somebody of the staff; "" where it can't be told. */
const char *pd_web_staff_login(pd_page_t *page, const char *person_id);

const char *pd_web_staff_version_url(pd_page_t *page, const char *kind, apr_int64_t version);
const char *pd_web_staff_draft_url(pd_page_t *page, apr_int64_t number);

/* Fills the partial "refusal". */
void pd_web_staff_refusal(pd_page_t *page, const pd_refusal_t *refusal);

/* Likewise with a mistake of the form's own: its name in the template. */
void pd_web_staff_mistake(pd_page_t *page, const char *name);

/* in_ru or in_en, is_ru or is_en: which language a text is in, for templates. */
void pd_web_staff_language(pd_page_t *page, pd_value_t *map, const char *prefix,
                           const char *language);

#endif
