/* The weight of one element of an Accept header. Not the C library's digits: in some locales they
 * go beyond ASCII. */
#include "text/pd_weight_int.h"
#include <stddef.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *pd_weight_skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t') {
        at++;
    }
    return at;
}

/* qvalue in thousandths; where it ends, NULL if it is none. */
static const char *read_value(int *weight, const char *at)
{
    if (*at != '0' && *at != '1') {
        return NULL;
    }
    *weight = (*at++ - '0') * PD_WEIGHT_MAX;
    if (*at == '.') {
        at++;
        for (int unit = PD_WEIGHT_MAX / 10; unit > 0 && is_digit(*at); unit /= 10, at++) {
            *weight += (*at - '0') * unit;
        }
    }
    return *weight <= PD_WEIGHT_MAX ? at : NULL;
}

const char *pd_weight_read(int *weight, const char *at)
{
    *weight = PD_WEIGHT_MAX;
    at = pd_weight_skip_space(at);
    if (*at == ';') {
        at = pd_weight_skip_space(at + 1);
        if ((*at != 'q' && *at != 'Q') || at[1] != '=') {
            return NULL;
        }
        at = read_value(weight, at + 2);
        if (at == NULL) {
            return NULL;
        }
        at = pd_weight_skip_space(at);
    }
    if (*at == ',') {
        return at + 1;
    }
    return *at == '\0' ? at : NULL;
}
