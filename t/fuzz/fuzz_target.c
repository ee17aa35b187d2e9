/* Return targets: whatever is accepted is a path of this site in every decoded form, and accepting
 * is final (the result is accepted unchanged). Bases likewise. */
#include "pd_fuzz.h"
#include "text/pd_url.h"

static int hex(char c)
{
    const char *at = c != '\0' ? strchr("0123456789abcdef", c | 0x20) : NULL;
    return at != NULL ? (int)(at - "0123456789abcdef") : -1;
}

/* Decodes once, with its own code, so that a fault of the parser's is not repeated here. */
static int decode(char *text)
{
    int changed = 0;
    char *to = text;
    for (; *text; text++) {
        if (*text == '%' && hex(text[1]) >= 0 && hex(text[2]) >= 0) {
            *to++ = (char)(hex(text[1]) << 4 | hex(text[2]));
            text += 2;
            changed = 1;
        }
        else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return changed;
}

static void check_path(const char *path)
{
    MUST(path[0] == '/' && path[1] != '/' && path[1] != '\\');
    MUST(strstr(path, "//") == NULL && strchr(path, '\\') == NULL);
    MUST(strstr(path, "/../") == NULL && strpbrk(path, "\r\n\t") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *raw = fuzz_text(data, size);
    const char *target = pd_url_target(raw, p);
    if (target != NULL) {
        MUST(strlen(target) <= PD_TARGET_BYTES_MAX && strpbrk(target, " #\"<>\r\n") == NULL);
        const char *again = pd_url_target(target, p);
        MUST(again != NULL && strcmp(again, target) == 0);
        char *path = apr_pstrmemdup(p, target, strcspn(target, "?"));
        do {
            check_path(path);
        } while (decode(path));
    }
    int secure;
    const char *base = pd_url_base(&secure, raw, p);
    if (base != NULL) {
        const char *host = base + (secure ? 8 : 7);
        MUST(strncmp(base, secure ? "https://" : "http://", secure ? 8 : 7) == 0);
        MUST(host[0] != '\0' && strpbrk(host, "/@?#\\ %") == NULL);
        const char *again = pd_url_base(&secure, base, p);
        MUST(again != NULL && strcmp(again, base) == 0);
    }
    MUST(strlen(pd_url_encode(raw, p)) <= 3 * strlen(raw));
    free(raw);
    return fuzz_done(p);
}
