/* Words for our own status codes; APR has its own for the rest. */
#include "base/pd_status.h"

const char *pd_status_text(apr_status_t status, char *buffer, apr_size_t size)
{
    switch (status) {
    case PD_EBUSY:
        return "busy: no place was to be had in time";
    case PD_EAWAY:
        return "the database is away";
    case PD_ESQL:
        return "the database refused a statement or its storage failed";
    case PD_ESEAL:
        return "a sealed value is not genuine or belongs to another key";
    case PD_ESCHEMA:
        return "the database's schema does not fit this program";
    case PD_EKEY:
        return "the key file is unusable or belongs to another database";
    case PD_ETEXT:
        return "malformed text";
    case PD_ELIMIT:
        return "over a limit";
    case PD_ETEMPLATE:
        return "a template or a catalogue is at fault";
    default:
        return apr_strerror(status, buffer, size);
    }
}
