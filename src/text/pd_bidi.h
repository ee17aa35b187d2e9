/* Unicode's bidirectional control characters (the property Bidi_Control; UAX 9). They show
 * nothing themselves and turn around what stands beside them: of "21" in the source the reader sees
 * "12". Any thread. */
#ifndef PD_BIDI_H
#define PD_BIDI_H
#include <stdint.h>
#include <apr_pools.h>

int pd_bidi_is_control(int32_t c);

/* Characters that show nothing and serve no script: with them a text is another one that reads the
 * same, or says what nobody reads. Soft hyphens and joiners are none of them. */
int pd_bidi_is_hidden(int32_t c);

/* The first of both kinds in valid UTF-8; NULL: there is none. */
const char *pd_bidi_find(int32_t *c, const char *text, apr_size_t length);

#endif
