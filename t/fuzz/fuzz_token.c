/* Tokens, codes and form tokens. The input: 8 bytes of instant, 4 that choose what is changed, then
 * lines: a token as a browser may send it, a purpose, a binding, a code. A form token is good for
 * its own purpose, binding and time, and in no other form. */
#include "pd_fuzz_keys.h"
#include "base/pd_bytes.h"
#include "crypt/pd_token.h"

#define NOW     apr_time_from_sec(1795376700)
#define MAX_AGE apr_time_from_sec(7200)
#define SKEW    apr_time_from_sec(300)

typedef struct input_t {
    apr_time_t instant;
    uint32_t change;
    char *token, *purpose, *binding, *code;
} input_t;

static int good(const char *purpose, const char *binding, const char *token, apr_pool_t *p)
{
    return pd_form_token_good(fuzz_keys, purpose, binding, token, NOW, MAX_AGE, p);
}

/* What was sent, whatever it is: good at most for one purpose and one binding. */
static void check_sent(const input_t *input, apr_pool_t *p)
{
    const char *other = apr_pstrcat(p, input->binding, "x", NULL);
    int is_good = good(input->purpose, input->binding, input->token, p);
    MUST(!is_good || (!good(input->purpose, other, input->token, p) &&
                      !good(other, input->binding, input->token, p)));
    MUST(!good(NULL, input->binding, input->token, p));
    MUST(!good(input->purpose, NULL, input->token, p));
    MUST(!good(input->purpose, input->binding, NULL, p));
}

/* A genuine one of any instant. */
static void check_made(const input_t *input, apr_pool_t *p)
{
    apr_time_t made = input->instant;
    int timely = made >= 0 && made <= NOW + SKEW && made >= NOW - MAX_AGE;
    const char *token = pd_form_token_new(fuzz_keys, input->purpose, input->binding, made, p);
    MUST(good(input->purpose, input->binding, token, p) == timely);
    MUST(!good(input->purpose, apr_pstrcat(p, input->binding, "x", NULL), token, p));
    MUST(!good(apr_pstrcat(p, input->purpose, "x", NULL), input->binding, token, p));
    MUST(!good(input->purpose, input->binding, fuzz_changed(token, input->change, p), p));
    MUST(!good(input->purpose, input->binding, apr_pstrcat(p, token, "A", NULL), p));
    /* The second key made it, which the older file has not. */
    MUST(!pd_form_token_good(fuzz_old, input->purpose, input->binding, token, NOW, MAX_AGE, p));
    if (input->purpose[0] != '\0') { /* the end of one part is not the beginning of the next */
        size_t last = strlen(input->purpose) - 1;
        MUST(!good(apr_pstrmemdup(p, input->purpose, last),
                   apr_pstrcat(p, input->purpose + last, input->binding, NULL), token, p));
    }
}

static void check_wellformed(const char *token, apr_pool_t *p)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(token);
    MUST(pd_token_wellformed(token) ==
         (length == PD_TOKEN_CHARS && strspn(token, alphabet) == length));
    MUST(pd_token_wellformed(pd_token_hash(token, p)) && !pd_token_wellformed(NULL));
}

/* Only digits count, and each row has hashes of its own. */
static void check_code(const input_t *input, apr_pool_t *p)
{
    const char *hash = pd_code_hash(fuzz_keys, input->binding, input->code, p);
    char *digits = apr_pcalloc(p, strlen(input->code) + 1), *to = digits;
    for (const char *at = input->code; *at; at++) {
        if (*at >= '0' && *at <= '9') {
            *to++ = *at;
        }
    }
    MUST(pd_token_wellformed(hash));
    MUST(strcmp(hash, pd_code_hash(fuzz_keys, input->binding, digits, p)) == 0);
    MUST(strcmp(hash, pd_code_hash(fuzz_keys, apr_pstrcat(p, input->binding, "1", NULL), digits,
                                   p)) != 0);
    MUST(strcmp(hash, pd_code_hash(fuzz_keys, input->binding, apr_pstrcat(p, digits, "0", NULL),
                                   p)) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_keys_ready();
    apr_pool_t *p = fuzz_pool();
    input_t input;
    input.instant = (apr_time_t)fuzz_number(&data, &size, 8);
    input.change = (uint32_t)fuzz_number(&data, &size, 4);
    input.token = fuzz_line(&data, &size);
    input.purpose = fuzz_line(&data, &size);
    input.binding = fuzz_line(&data, &size);
    input.code = fuzz_line(&data, &size);
    check_sent(&input, p);
    check_made(&input, p);
    check_wellformed(input.token, p);
    check_code(&input, p);
    free(input.token);
    free(input.purpose);
    free(input.binding);
    free(input.code);
    return fuzz_done(p);
}
