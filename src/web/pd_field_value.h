/* Rows of the tables of purposes and of fields, as templates show them: the partials "purpose",
 * "field" and "term" have the words. */
#ifndef PD_FIELD_VALUE_H
#define PD_FIELD_VALUE_H
#include "portal/pd_field.h"
#include "portal/pd_purpose.h"
#include "web/pd_page.h"

/* A map: clause "4.1.3", a true member "p413", and how lawful: one of by_registration, by_consent,
 * by_security. */
pd_value_t *pd_purpose_value(const pd_page_t *page, const pd_purpose_t *purpose);

/* A map: a true member "field_email", `given`, the list `purposes`, the term and its beginning. */
pd_value_t *pd_field_value(const pd_page_t *page, const pd_field_t *field);

#endif
