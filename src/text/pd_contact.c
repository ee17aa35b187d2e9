/* The address is read by those who read addresses. What would need to be escaped in a mailto: is
 * refused: nobody has such a mailbox for this. */
#include "text/pd_contact.h"
#include <apr_strings.h>
#include <string.h>
#include <strings.h>
#include "text/pd_email.h"
#include "text/pd_foreign.h"

#define MAILTO "mailto:"

const char *pd_contact_uri(const char *raw, apr_pool_t *p)
{
    pd_email_t email;
    pd_foreign_t foreign;
    apr_size_t length = sizeof(MAILTO) - 1;
    if (strncasecmp(raw, MAILTO, length) == 0) {
        if (pd_email_parse(&email, raw + length, p) != APR_SUCCESS || email.needs_smtputf8 ||
            strpbrk(email.address, "%?&#=/ "))
            return NULL;
        return apr_pstrcat(p, MAILTO, email.address, NULL);
    }
    return pd_foreign_parse(&foreign, raw, p) && foreign.secure ? foreign.url : NULL;
}
