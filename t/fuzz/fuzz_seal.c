/* Sealed values. The input: 4 bytes that choose what is changed, then lines: a sealed text as a
 * database may hold it, a place, a row; the rest is a plain text. What was sealed opens where it
 * was put and nowhere else, and no other text opens. */
#include "pd_fuzz_keys.h"
#include "base/pd_status.h"
#include "crypt/pd_seal.h"

typedef struct input_t {
    uint32_t change;
    char *sealed, *place, *row, *plain;
} input_t;

static void must_not_open(const pd_datakey_t *key, const char *place, const char *row,
                          const char *sealed, apr_pool_t *p)
{
    const char *plain;
    MUST(pd_open(&plain, key, place, row, sealed, p) == PD_ESEAL && !plain);
}

/* Texts that hold a number of more than 9 digits, a zero byte or the like end here. A seed may be a
 * genuine text: then it opens in its place alone. */
static void check_found(const pd_datakey_t *key, const input_t *input, apr_pool_t *p)
{
    const char *plain;
    const pd_datakey_t *unwrapped;
    apr_status_t status = pd_open(&plain, key, input->place, input->row, input->sealed, p);
    MUST(status ? status == PD_ESEAL && !plain : plain != NULL);
    must_not_open(key, apr_pstrcat(p, input->place, "x", NULL), input->row, input->sealed, p);
    status = pd_datakey_unwrap(&unwrapped, fuzz_keys, input->sealed, input->row, p);
    MUST(status ? status == PD_ESEAL && !unwrapped : unwrapped != NULL);
    must_not_open(key, input->place, input->row, NULL, p);
}

static void check_sealed(const pd_datakey_t *key, const input_t *input, apr_pool_t *p)
{
    const char *sealed, *plain;
    MUST(pd_seal(&sealed, key, input->place, input->row, input->plain, p) == APR_SUCCESS);
    MUST(pd_open(&plain, key, input->place, input->row, sealed, p) == APR_SUCCESS);
    MUST(strcmp(plain, input->plain) == 0);
    must_not_open(key, input->place, input->row, fuzz_changed(sealed, input->change, p), p);
    must_not_open(key, input->place, input->row, apr_pstrcat(p, sealed, "A", NULL), p);
    must_not_open(key, input->place, input->row,
                  apr_pstrmemdup(p, sealed, input->change % strlen(sealed)), p);
    must_not_open(key, input->place, apr_pstrcat(p, input->row, "x", NULL), sealed, p);
    if (input->place[0] != '\0') { /* the end of one part is not the beginning of the next */
        size_t last = strlen(input->place) - 1;
        must_not_open(key, apr_pstrmemdup(p, input->place, last),
                      apr_pstrcat(p, input->place + last, input->row, NULL), sealed, p);
    }
}

/* The key survives wrapping again, and a changed wrapping is none. */
static void check_wrapped(const input_t *input, apr_pool_t *p)
{
    const pd_datakey_t *key, *again;
    const char *wrapped, *rewrapped, *sealed, *plain;
    MUST(pd_datakey_new(&key, &wrapped, fuzz_old, input->row, p) == APR_SUCCESS);
    MUST(pd_seal(&sealed, key, input->place, input->row, input->plain, p) == APR_SUCCESS);
    MUST(pd_datakey_rewrap(&rewrapped, fuzz_keys, wrapped, input->row, p) == APR_SUCCESS);
    MUST(rewrapped && pd_datakey_unwrap(&again, fuzz_old, rewrapped, input->row, p) == PD_ESEAL);
    MUST(pd_datakey_unwrap(&again, fuzz_keys, rewrapped, input->row, p) == APR_SUCCESS);
    MUST(pd_open(&plain, again, input->place, input->row, sealed, p) == APR_SUCCESS);
    MUST(strcmp(plain, input->plain) == 0);
    MUST(pd_datakey_unwrap(&again, fuzz_keys, fuzz_changed(rewrapped, input->change, p), input->row,
                           p) == PD_ESEAL);
    /* A value is no data key and the other way round. */
    MUST(pd_datakey_unwrap(&again, fuzz_keys, sealed, input->row, p) == PD_ESEAL);
    must_not_open(key, "datakey", input->row, rewrapped, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_keys_ready();
    apr_pool_t *p = fuzz_pool();
    input_t input;
    input.change = (uint32_t)fuzz_number(&data, &size, 4);
    input.sealed = fuzz_line(&data, &size);
    input.place = fuzz_line(&data, &size);
    input.row = fuzz_line(&data, &size);
    input.plain = fuzz_text(data, size);
    const pd_datakey_t *system = pd_datakey_system(fuzz_keys, p);
    check_found(system, &input, p);
    check_sealed(system, &input, p);
    check_wrapped(&input, p);
    free(input.sealed);
    free(input.place);
    free(input.row);
    free(input.plain);
    return fuzz_done(p);
}
