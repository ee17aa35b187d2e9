/* Reads a multipart body from front to end: boundary, headers, content, boundary. */
#include "text/pd_multipart.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"
#include "text/pd_form_int.h"
#include <string.h>
#include <strings.h>
#include <apr_strings.h>

#define BOUNDARY_MAX   70 /* RFC 2046 5.1.1 */
#define HEAD_BYTES_MAX 1024

/* What is still to be read. */
typedef struct rest_t {
    const char *at, *end;
} rest_t;

static const char boundary_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? ";

/* "multipart/form-data; boundary=..." gives CR LF "--" and the boundary; NULL: it names none. */
static const char *delimiter_of(const char *type, apr_pool_t *p)
{
    static const char parameter[] = "boundary=";
    const char *at = strchr(type, ';');
    if (at == NULL) {
        return NULL;
    }
    at += 1 + strspn(at + 1, " ");
    if (strncasecmp(at, parameter, sizeof(parameter) - 1) != 0) {
        return NULL;
    }
    at += sizeof(parameter) - 1;
    const char *stop = *at == '"' ? "\"" : "; ";
    at += *at == '"';
    apr_size_t length = strcspn(at, stop);
    if (length == 0 || length > BOUNDARY_MAX || strspn(at, boundary_characters) < length) {
        return NULL;
    }
    return apr_pstrcat(p, "\r\n--", apr_pstrmemdup(p, at, length), NULL);
}

static int take(rest_t *rest, const char *text)
{
    apr_size_t length = strlen(text);
    if ((apr_size_t)(rest->end - rest->at) < length || memcmp(rest->at, text, length) != 0) {
        return 0;
    }
    rest->at += length;
    return 1;
}

/* The bytes before `mark`, which is taken too; NULL: it doesn't come. */
static const char *take_until(apr_size_t *length, rest_t *rest, const char *mark)
{
    const char *from = rest->at;
    const char *found = memmem(from, (apr_size_t)(rest->end - from), mark, strlen(mark));
    if (found == NULL) {
        return NULL;
    }
    *length = (apr_size_t)(found - from);
    rest->at = found + strlen(mark);
    return from;
}

/* The value of name="value" in a header's line; NULL: there is none. Browsers write a quote inside
 * it as %22. */
static const char *parameter_of(const char *line, const char *name, apr_pool_t *p)
{
    const char *mark = apr_pstrcat(p, "; ", name, "=\"", NULL);
    const char *at = strstr(line, mark);
    if (at == NULL) {
        return NULL;
    }
    at += strlen(mark);
    const char *end = strchr(at, '"');
    return end != NULL ? apr_pstrmemdup(p, at, (apr_size_t)(end - at)) : NULL;
}

/* Of one part's headers only Content-Disposition says anything. */
static apr_status_t read_head(pd_field_t *field, int *is_file, rest_t *rest, apr_pool_t *p)
{
    static const char wanted[] = "Content-Disposition: form-data; ";
    apr_size_t length;
    const char *bytes = take_until(&length, rest, "\r\n\r\n");
    if (bytes == NULL || length > HEAD_BYTES_MAX || !pd_utf8_valid(bytes, length)) {
        return PD_ETEXT;
    }
    const char *line = apr_pstrmemdup(p, bytes, length);
    line = apr_pstrmemdup(p, line, strcspn(line, "\r\n"));
    if (strncasecmp(line, wanted, sizeof(wanted) - 1) != 0) {
        return PD_ETEXT; /* browsers put it first */
    }
    field->name = parameter_of(line, "name", p);
    *is_file = parameter_of(line, "filename", p) != NULL;
    if (field->name == NULL || field->name[0] == '\0' || pd_form_has_control(field->name, "")) {
        return PD_ETEXT;
    }
    return strlen(field->name) > PD_FORM_NAME_MAX ? PD_ELIMIT : APR_SUCCESS;
}

/* Text as a form's value is: CR LF becomes LF. */
static apr_status_t read_value(pd_field_t *field, apr_pool_t *p)
{
    char *value = apr_palloc(p, field->length + 1);
    apr_size_t n = 0;
    if (!pd_utf8_valid(field->bytes, field->length)) {
        return PD_ETEXT;
    }
    for (apr_size_t i = 0; i < field->length; i++) {
        if (field->bytes[i] != '\r' || i + 1 == field->length || field->bytes[i + 1] != '\n') {
            value[n++] = field->bytes[i];
        }
    }
    value[n] = '\0';
    field->value = value;
    return pd_form_has_control(value, "\t\n") ? PD_ETEXT : APR_SUCCESS;
}

static apr_status_t read_part(pd_form_t *form, rest_t *rest, const char *delimiter, apr_pool_t *p)
{
    pd_field_t field = {0};
    int is_file;
    apr_size_t length;
    apr_status_t rv = read_head(&field, &is_file, rest, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (form->n_fields == PD_FORM_FIELDS_MAX) {
        return PD_ELIMIT;
    }
    /* Where the content is empty, the line end in front of it is its delimiter's too. */
    rest->at -= 2;
    const char *bytes = take_until(&length, rest, delimiter);
    if (bytes == NULL || pd_form_field(form, field.name) != NULL) {
        return PD_ETEXT;
    }
    field.bytes = length >= 2 ? bytes + 2 : bytes;
    field.length = length >= 2 ? length - 2 : 0;
    if (!is_file) {
        rv = read_value(&field, p);
    }
    if (rv == APR_SUCCESS) {
        form->fields[form->n_fields++] = field;
    }
    return rv;
}

apr_status_t pd_multipart_parse(const pd_form_t **form, const char *type, const char *bytes,
                                apr_size_t length, apr_pool_t *p)
{
    pd_form_t *parsed = apr_pcalloc(p, sizeof(*parsed));
    const char *delimiter = delimiter_of(type, p);
    rest_t rest = {bytes, bytes + length};
    *form = NULL;
    if (length > PD_MULTIPART_BYTES_MAX) {
        return PD_ELIMIT;
    }
    if (delimiter == NULL || !take(&rest, delimiter + 2)) {
        return PD_ETEXT;
    }
    while (take(&rest, "\r\n")) {
        apr_status_t rv = read_part(parsed, &rest, delimiter, p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (!take(&rest, "--") || (!take(&rest, "\r\n") && rest.at != rest.end) ||
        rest.at != rest.end) {
        return PD_ETEXT;
    }
    *form = parsed;
    return APR_SUCCESS;
}
