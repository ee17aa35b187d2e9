/* Accept-Encoding: the answer is one of the codings, always the same, and never one that the header
 * doesn't name, be it by "*". What is compressed, comes back: the whole input, by zlib. */
#include "pd_fuzz.h"
#include <zlib.h>
#include "text/pd_encoding.h"

static void chosen_is_named(const char *header, pd_encoding_e chosen)
{
    const char *name = pd_encoding_names[chosen];
    MUST(chosen < PD_ENCODING_COUNT);
    if (name != NULL) {
        MUST(strcasestr(header, name) != NULL || strchr(header, '*') != NULL);
    }
}

static void unpacks(const pd_encoded_form_t *form, const uint8_t *data, size_t size, apr_pool_t *p)
{
    z_stream stream = {.next_in = (z_const Bytef *)form->bytes, .avail_in = (uInt)form->length};
    unsigned char *bytes = apr_palloc(p, size + 1);
    stream.next_out = bytes;
    stream.avail_out = (uInt)size + 1;
    MUST(inflateInit2(&stream, 15 + 16) == Z_OK);
    MUST(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    MUST(stream.total_out == size && (size == 0 || memcmp(bytes, data, size) == 0));
    MUST(inflateEnd(&stream) == Z_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pd_encoded_t encoded;
    apr_pool_t *p = fuzz_pool();
    char *header = fuzz_text(data, size);
    pd_encoding_e chosen = pd_encoding_choose(header);
    MUST(chosen == pd_encoding_choose(header));
    chosen_is_named(header, chosen);
    MUST(pd_encoding_make(&encoded, (const char *)data, size, PD_ENCODING_QUICK, p, p) ==
         APR_SUCCESS);
    unpacks(&encoded.form[PD_ENCODING_GZIP], data, size, p);
    free(header);
    return fuzz_done(p);
}
