/* The bytes of an answer in every coding. */
#include <apr_strings.h>
#include <brotli/encode.h>
#include <limits.h>
#include <zlib.h>
#include "crypt/pd_hash.h"
#include "text/pd_encoding.h"

#define GZIP_WINDOW      (15 + 16) /* the largest, in the gzip format */
#define GZIP_MEMORY      9
#define ETAG_HASH_DIGITS 32

static const struct {
    int gzip, brotli;
} levels[] = {[PD_ENCODING_QUICK] = {6, 5},
              [PD_ENCODING_THOROUGH] = {Z_BEST_COMPRESSION, BROTLI_MAX_QUALITY}};

/* Whole in one call: the output has room for the worst case. The header holds no time and no name,
 * so that equal bytes give equal bytes. */
static apr_status_t make_gzip(pd_encoded_form_t *form, const char *bytes, apr_size_t length,
                              int level, apr_pool_t *p, apr_pool_t *ptemp)
{
    z_stream stream = {0};
    if (length > UINT_MAX / 2 || deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                                              Z_DEFAULT_STRATEGY) != Z_OK) {
        return APR_ENOMEM;
    }
    apr_size_t room = deflateBound(&stream, (uLong)length);
    unsigned char *packed = apr_palloc(ptemp, room);
    stream.next_in = (z_const Bytef *)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, Z_FINISH);
    form->length = room - stream.avail_out;
    form->bytes = apr_pmemdup(p, packed, form->length);
    (void)deflateEnd(&stream);
    return result == Z_STREAM_END ? APR_SUCCESS : APR_ENOMEM;
}

/* The smallest window that holds everything: a larger one only takes memory. */
static int brotli_window(apr_size_t length)
{
    int bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < BROTLI_MAX_WINDOW_BITS && ((apr_size_t)1 << bits) - 16 < length) {
        bits++;
    }
    return bits;
}

static apr_status_t make_brotli(pd_encoded_form_t *form, const char *bytes, apr_size_t length,
                                int level, apr_pool_t *p, apr_pool_t *ptemp)
{
    size_t n_packed = BrotliEncoderMaxCompressedSize(length);
    uint8_t *packed = apr_palloc(ptemp, n_packed);
    if (n_packed == 0 ||
        !BrotliEncoderCompress(level, brotli_window(length), BROTLI_MODE_TEXT, length,
                               (const uint8_t *)bytes, &n_packed, packed)) {
        return APR_ENOMEM;
    }
    form->length = n_packed;
    form->bytes = apr_pmemdup(p, packed, n_packed);
    return APR_SUCCESS;
}

void pd_encoding_name(pd_encoded_t *encoded, const char *bytes, apr_size_t length, apr_pool_t *p)
{
    const char *hash = pd_hash_sha256(bytes, length, p);
    for (pd_encoding_e i = 0; i < PD_ENCODING_COUNT; i++) {
        const char *name = pd_encoding_names[i];
        const char *etag = apr_psprintf(p, "\"%.*s%s%s\"", ETAG_HASH_DIGITS, hash, name ? "-" : "",
                                        name ? name : "");
        encoded->form[i] = (pd_encoded_form_t){NULL, 0, etag};
    }
    encoded->form[PD_ENCODING_IDENTITY].bytes = bytes;
    encoded->form[PD_ENCODING_IDENTITY].length = length;
}

apr_status_t pd_encoding_make(pd_encoded_t *encoded, const char *bytes, apr_size_t length,
                              pd_encoding_effort_e effort, apr_pool_t *p, apr_pool_t *ptemp)
{
    pd_encoding_name(encoded, bytes, length, p);
    apr_status_t rv =
        make_gzip(&encoded->form[PD_ENCODING_GZIP], bytes, length, levels[effort].gzip, p, ptemp);
    if (rv == APR_SUCCESS) {
        rv = make_brotli(&encoded->form[PD_ENCODING_BROTLI], bytes, length, levels[effort].brotli,
                         p, ptemp);
    }
    return rv;
}
