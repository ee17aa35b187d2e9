/* The weights in the lists of the Accept headers (RFC 9110 12.4.2): "gzip ; q=0.5 , br". */
#ifndef PD_WEIGHT_INT_H
#define PD_WEIGHT_INT_H

#define PD_WEIGHT_MAX 1000

/* Behind spaces and tabs. */
const char *pd_weight_skip_space(const char *at);

/* Reads what follows the name of one element: its weight in thousandths, PD_WEIGHT_MAX where none
 * stands, and the comma behind it. Returns where the next element begins, NULL if it is malformed.
 */
const char *pd_weight_read(int *weight, const char *at);

#endif
