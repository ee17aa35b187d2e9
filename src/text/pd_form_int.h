/* A form as its two parsers fill it; inside the room only. */
#ifndef PD_FORM_INT_H
#define PD_FORM_INT_H
#include "text/pd_form.h"

typedef struct pd_field_t {
    const char *name;
    const char *value; /* text; NULL: a file */
    const char *bytes; /* of a file */
    apr_size_t length;
} pd_field_t;

struct pd_form_t {
    int n_fields;
    pd_field_t fields[PD_FORM_FIELDS_MAX];
};

/* Control characters, C1 included; with `allowed` (tab and LF) let through. */
int pd_form_has_control(const char *text, const char *allowed);

/* The field of a name, or NULL. */
const pd_field_t *pd_form_field(const pd_form_t *form, const char *name);

#endif
