/* A QR code as a path: each run of dark modules in a row is one rectangle. libqrencode computes. */
#include "text/pd_qr.h"
#include <qrencode.h>
#include "base/pd_bytes.h"

#define QUIET          4
#define PATH_BYTES_MAX (256 * 1024)

static void add_row(pd_buf_t *path, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width; x++) {
        int run = 0;
        while (x + run < width && row[x + run] & 1) {
            run++;
        }
        if (run > 0) {
            pd_buf_printf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
            x += run;
        }
    }
}

const char *pd_qr_path(int *side, const char *text, apr_pool_t *p)
{
    pd_buf_t path;
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    *side = 0;
    if (!code) {
        return NULL;
    }
    pd_buf_init(&path, PATH_BYTES_MAX, p);
    for (int y = 0; y < code->width; y++) {
        add_row(&path, code->data + (apr_size_t)y * (apr_size_t)code->width, code->width, y);
    }
    *side = code->width + 2 * QUIET;
    pd_wipe(code->data, (apr_size_t)code->width * (apr_size_t)code->width);
    QRcode_free(code);
    /* It holds the secret of an authenticator. */
    pd_wipe_with_pool(path.bytes, path.length, p);
    return path.overflow ? NULL : path.bytes;
}
