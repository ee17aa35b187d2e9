/* Messages: no value makes a header of its own, and every line end is CRLF. The input's lines are
 * from, name, to, subject, message id, language; the rest is the body. */
#include "pd_fuzz.h"
#include "text/pd_mime.h"

static const char *const fields[] = {
    "Date: ",         "From: ",
    "To: ",           "Subject: ",
    "Message-ID: <",  "MIME-Version: 1.0",
    "Content-Type: ", "Content-Transfer-Encoding: ",
    "Content-Lang",   "Auto-Submitted: auto-generated",
};

/* The header is our ten fields in order and their folded lines. */
static void check_header(const char *message)
{
    const char *end = strstr(message, "\r\n\r\n");
    size_t n = 0;
    MUST(end != NULL);
    while (message < end + 2) {
        size_t length = strcspn(message, "\r\n");
        MUST(length > 0 && length < 998 && message[length] == '\r' && message[length + 1] == '\n');
        if (message[0] != ' ') {
            MUST(n < 10 && strncmp(message, fields[n], strlen(fields[n])) == 0);
            n++;
        }
        message += length + 2;
    }
    MUST(n == 10);
}

static void check_body(const char *body)
{
    while (*body) {
        size_t length = strcspn(body, "\r\n");
        MUST(length <= 76 && body[length] == '\r' && body[length + 1] == '\n');
        body += length + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    char *values[7];
    for (int i = 0; i < 6; i++) {
        values[i] = fuzz_line(&data, &size);
    }
    values[6] = fuzz_text(data, size);
    pd_mime_t mail = {.from = values[0],
                      .from_name = values[1],
                      .to = values[2],
                      .subject = values[3],
                      .message_id = values[4],
                      .language = values[5],
                      .body = values[6],
                      .date = apr_time_from_sec(1795376700 + (apr_time_t)size)};
    const char *message;
    apr_size_t length;
    if (pd_mime_write(&message, &length, &mail, p) == APR_SUCCESS) {
        MUST(strlen(message) == length);
        check_header(message);
        check_body(strstr(message, "\r\n\r\n") + 4);
    }
    for (int i = 0; i < 7; i++) {
        free(values[i]);
    }
    return fuzz_done(p);
}
