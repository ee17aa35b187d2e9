/* Inside of crypt/: the key file's parser (also for the fuzzer), and the texts with a version. */
#ifndef PD_KEYRING_INT_H
#define PD_KEYRING_INT_H
#include "crypt/pd_keyring.h"

#define PD_KEYRING_VERSIONS_MAX   32
#define PD_KEYRING_FILE_BYTES_MAX 16384

/* Master keys as the file has them, in rising order of versions. Secret: the caller wipes it. */
typedef struct pd_masters_t {
    int n_masters;
    struct {
        apr_uint32_t version;
        unsigned char key[PD_KEY_BYTES];
    } masters[PD_KEYRING_VERSIONS_MAX];
} pd_masters_t;

/* Parses the text of a key file. PD_EKEY with `why` (which names `path` as the file, never a part
 * of its text). `bytes` need not end in a zero. */
apr_status_t pd_keyring_parse(pd_masters_t *masters, const char **why, const char *path,
                              const char *bytes, apr_size_t length, apr_pool_t *p);

/* Reads a version at `text`: 1 to 9 digits without a leading zero, then `end`. NULL: not so;
 * otherwise what stands behind `end`. */
const char *pd_version_parse(apr_uint32_t *version, const char *text, const char *limit, char end);

#endif
