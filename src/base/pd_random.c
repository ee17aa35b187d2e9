/* Randomness and UUIDv7, from libsodium, which is initialised here for the whole program: once,
 * at first use, so that no caller can forget it. */
#include "base/pd_random.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void start(void)
{
    /* Without a generator nothing here is safe: better no program than a guessable token. */
    if (sodium_init() < 0) {
        abort();
    }
}

void pd_random_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

void pd_random_bytes(void *bytes, apr_size_t n_bytes)
{
    pd_random_ready();
    randombytes_buf(bytes, n_bytes);
}

apr_uint32_t pd_random_below(apr_uint32_t bound)
{
    pd_random_ready();
    return bound ? randombytes_uniform(bound) : 0;
}

const char *pd_random_uuid7(apr_time_t now, apr_pool_t *p)
{
    unsigned char id[16];
    pd_random_bytes(id, sizeof id);
    apr_uint64_t millis = now > 0 ? (apr_uint64_t)now / 1000 : 0;
    for (int i = 0; i < 6; i++) {
        id[i] = (unsigned char)(millis >> (8 * (5 - i)));
    }
    id[6] = (unsigned char)(0x70 | (id[6] & 0x0f)); /* version 7 */
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3f)); /* variant of RFC 9562 */

    static const char digits[] = "0123456789abcdef";
    char *text = apr_palloc(p, PD_UUID_CHARS + 1), *at = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[id[i] >> 4];
        *at++ = digits[id[i] & 15];
    }
    *at = '\0';
    return text;
}
