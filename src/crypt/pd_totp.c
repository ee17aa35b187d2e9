/* Codes of an authenticator application. */
#include "crypt/pd_totp.h"
#include <apr_strings.h>
#include <liboath/oath.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/pd_bytes.h"
#include "base/pd_random.h"

#define SECRET_BYTES 20
#define STEP_SECONDS 30
#define STEPS_OFF    2

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int init_result = OATH_CRYPTO_ERROR;

static void init(void)
{
    init_result = oath_init();
}

static int ready(void)
{
    return pthread_once(&once, init) == 0 && init_result == OATH_OK;
}

const char *pd_totp_secret_new(apr_pool_t *p)
{
    char bytes[SECRET_BYTES], *text = NULL;
    size_t length = 0;
    pd_random_bytes(bytes, sizeof(bytes));
    int result = oath_base32_encode(bytes, sizeof(bytes), &text, &length);
    pd_wipe(bytes, sizeof(bytes));
    if (result != OATH_OK)
        return NULL;
    char *secret = apr_pstrmemdup(p, text, length);
    pd_wipe_with_pool(secret, length, p);
    pd_wipe(text, length);
    free(text);
    return secret;
}

const char *pd_totp_digits(const char *typed, apr_pool_t *p)
{
    char *digits = apr_pstrdup(p, typed ? typed : ""), *end = digits;
    for (const char *at = digits; *at; at++) {
        if (*at != ' ' && *at != '-' && *at != '\t')
            *end++ = *at;
    }
    *end = '\0';
    return digits;
}

/* All steps are computed, whichever fits. */
static apr_int64_t search(const char *bytes, size_t length, const char *digits, apr_int64_t now)
{
    apr_int64_t found = 0;
    char right[PD_TOTP_DIGITS + 1];
    for (apr_int64_t step = now - STEPS_OFF; step <= now + STEPS_OFF; step++) {
        if (step > 0 &&
            oath_hotp_generate(bytes, length, (uint64_t)step, PD_TOTP_DIGITS, false,
                               OATH_HOTP_DYNAMIC_TRUNCATION, right) == OATH_OK &&
            pd_equal_secret(right, digits, PD_TOTP_DIGITS))
            found = step;
    }
    pd_wipe(right, sizeof(right));
    return found;
}

apr_int64_t pd_totp_step(const char *secret, const char *code, apr_time_t now, apr_pool_t *p)
{
    char *bytes = NULL;
    size_t length = 0;
    const char *digits = pd_totp_digits(code, p);
    if (!secret || strlen(digits) != PD_TOTP_DIGITS || !ready() ||
        oath_base32_decode(secret, strlen(secret), &bytes, &length) != OATH_OK)
        return 0;
    apr_int64_t step = search(bytes, length, digits, apr_time_sec(now) / STEP_SECONDS);
    pd_wipe(bytes, length);
    free(bytes);
    return step;
}
