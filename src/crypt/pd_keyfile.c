/* The text of a key file: parsed line by line, without copying a key anywhere but to its place.
 * Complaints name file and line, never what stands there. */
#include "crypt/pd_keyring_int.h"
#include "base/pd_bytes.h"
#include "base/pd_status.h"

#include <apr_strings.h>
#include <sodium.h>
#include <string.h>

#define WORD            "pdportal-key "
#define KEY_TEXT_LENGTH 43

const char *pd_version_parse(apr_uint32_t *version, const char *text, const char *limit, char end)
{
    apr_uint32_t value = 0;
    const char *at = text;
    for (; at < limit && *at >= '0' && *at <= '9'; at++) {
        if (at - text == 9) {
            return NULL;
        }
        value = value * 10 + (apr_uint32_t)(*at - '0');
    }
    if (at == text || *text == '0' || at == limit || *at != end) {
        return NULL;
    }
    *version = value;
    return at + 1;
}

/* Keeps the list sorted; NULL, or what is wrong. */
static const char *insert(pd_masters_t *masters, apr_uint32_t version, const unsigned char *key)
{
    int at = masters->n_masters;
    if (at == PD_KEYRING_VERSIONS_MAX) {
        return "too many keys; remove versions that are no longer used";
    }
    while (at > 0 && masters->masters[at - 1].version > version) {
        at--;
    }
    if (at > 0 && masters->masters[at - 1].version == version) {
        return "this version stands in the file twice; give each line its own number";
    }
    memmove(&masters->masters[at + 1], &masters->masters[at],
            (apr_size_t)(masters->n_masters - at) * sizeof masters->masters[0]);
    masters->masters[at].version = version;
    memcpy(masters->masters[at].key, key, PD_KEY_BYTES);
    masters->n_masters++;
    return NULL;
}

static const char *read_key(unsigned char *key, const char *text, const char *limit)
{
    apr_size_t got = 0;
    if (limit - text != KEY_TEXT_LENGTH || !pd_ascii_valid(text, KEY_TEXT_LENGTH) ||
        sodium_base642bin(key, PD_KEY_BYTES, text, KEY_TEXT_LENGTH, NULL, &got, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        got != PD_KEY_BYTES) {
        return "the key is not 43 characters of base64url; restore the file from its copy";
    }
    if (sodium_is_zero(key, PD_KEY_BYTES)) {
        return "the key is nothing but zeros; restore the file from its copy";
    }
    return NULL;
}

static const char *read_line(pd_masters_t *masters, const char *line, const char *limit)
{
    unsigned char key[PD_KEY_BYTES];
    apr_uint32_t version;
    while (limit > line && (limit[-1] == ' ' || limit[-1] == '\t' || limit[-1] == '\r')) {
        limit--;
    }
    if (line == limit || *line == '#') {
        return NULL;
    }
    apr_size_t word = sizeof WORD - 1;
    if ((apr_size_t)(limit - line) < word || memcmp(line, WORD, word) != 0) {
        return "expected \"pdportal-key VERSION KEY\" or a comment";
    }
    const char *text = pd_version_parse(&version, line + word, limit, ' ');
    if (!text) {
        return "the version is not a number from 1 to 999999999";
    }
    const char *wrong = read_key(key, text, limit);
    if (!wrong) {
        wrong = insert(masters, version, key);
    }
    pd_wipe(key, sizeof key);
    return wrong;
}

apr_status_t pd_keyring_parse(pd_masters_t *masters, const char **why, const char *path,
                              const char *bytes, apr_size_t length, apr_pool_t *p)
{
    const char *end = bytes + length, *at = bytes;
    memset(masters, 0, sizeof *masters);
    *why = NULL;
    for (int number = 1; at < end; number++) {
        const char *limit = memchr(at, '\n', (apr_size_t)(end - at));
        limit = limit ? limit : end;
        const char *wrong = read_line(masters, at, limit);
        if (wrong) {
            *why = apr_psprintf(p, "%s line %d: %s", path, number, wrong);
            return PD_EKEY;
        }
        at = limit < end ? limit + 1 : end;
    }
    /* Look-ups and the journal's chain know version 1 only: it can't be retired. */
    if (masters->n_masters == 0 || masters->masters[0].version != 1) {
        *why = apr_psprintf(p,
                            "%s: there is no key of version 1; restore the file from its copy, or "
                            "for a new database make one with \"pdportalctl init\"",
                            path);
        return PD_EKEY;
    }
    return APR_SUCCESS;
}
