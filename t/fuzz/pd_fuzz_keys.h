/* Two known key files for the fuzz targets of crypt/: versions 1 and 2, or version 1 alone. The
 * keyrings are made once and live as long as the process. */
#ifndef PD_FUZZ_KEYS_H
#define PD_FUZZ_KEYS_H
#include <unistd.h>
#include "pd_fuzz.h"
#include "crypt/pd_keyring.h"

#define FUZZ_KEY_1 "pdportal-key 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define FUZZ_KEY_2 "pdportal-key 2 __79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA\n"

/* Both keyrings have the same first key; `fuzz_old` does not know the second. */
static pd_keyring_t *fuzz_keys, *fuzz_old;

static inline pd_keyring_t *fuzz_keyring(const char *text, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, "/tmp/pd-fuzz-XXXXXX");
    pd_keyring_t *keyring;
    const char *why;
    int fd = mkstemp(path);
    MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !close(fd));
    apr_status_t status = pd_keyring_load(&keyring, path, &why, p);
    unlink(path);
    MUST(status == APR_SUCCESS);
    return keyring;
}

static inline void fuzz_keys_ready(void)
{
    if (!fuzz_keys) {
        apr_pool_t *p = fuzz_pool();
        fuzz_old = fuzz_keyring(FUZZ_KEY_1, p);
        fuzz_keys = fuzz_keyring(FUZZ_KEY_1 FUZZ_KEY_2, p);
    }
}

/* The text with one byte changed at a place that `seed` chooses. */
static inline char *fuzz_changed(const char *text, uint32_t seed, apr_pool_t *p)
{
    char *changed = apr_pstrdup(p, text);
    size_t length = strlen(text);
    if (length > 0) {
        char *at = changed + seed % length;
        char byte = (char)(seed / length % 255 + 1);
        *at = byte != *at ? byte : (char)(byte ^ 0x40 ? byte ^ 0x40 : 1);
    }
    return changed;
}

/* A number from the front of the input. */
static inline uint64_t fuzz_number(const uint8_t **data, size_t *size, size_t n_bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i<n_bytes && * size> 0; i++, ++*data, --*size) {
        number = number << 8 | **data;
    }
    return number;
}

#endif
