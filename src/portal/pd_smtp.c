/* Delivers by SMTP with libcurl. What a try came to is decided by the server's reply, with its
 * enhanced code (RFC 3463), and by the command it answered, not by curl's error code: only an
 * answer to RCPT that speaks of the recipient or one to the message itself may condemn a letter;
 * refusals of ourselves (greeting, TLS, authentication, sender) are an alarm. Relays often keep
 * those until RCPT. Where TLS is wanted nothing ever goes out in clear. */
#include "portal/pd_outbox.h"

#include "base/pd_bytes.h"
#include "base/pd_stop.h"
#include "text/pd_url.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWORD_BYTES_MAX 1024
#define CONNECT_MSECS_MAX  10000
#define MSECS(time)        ((long)((time) / 1000))

/* One try. */
typedef struct dialogue_t {
    const char *at; /* rest of the message */
    apr_size_t left;
    int to_recipient;    /* the last command was RCPT or the message was begun */
    int begun;           /* the message was asked for (354) */
    int left_off;        /* QUIT was said: what comes now answers nothing of ours */
    int subject, detail; /* X and Y of the answer's 5.X.Y; 0.0 when it has none */
} dialogue_t;

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_state = CURLE_FAILED_INIT;

static void curl_ready(void)
{
    curl_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* An address goes into a command line as it is: nothing that ends a line or the angle brackets. */
static int good_address(const char *address)
{
    for (const char *at = address; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '<' || *at == '>') {
            return 0;
        }
    }
    return *address != '\0';
}

/* First line of the password file, which only its owner may read. NULL when it can not be used. */
static const char *read_password(const char *path, apr_pool_t *p)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    char *password = apr_pcalloc(p, PASSWORD_BYTES_MAX + 1);
    pd_wipe_with_pool(password, PASSWORD_BYTES_MAX + 1, p);
    int good = !fstat(fd, &info) && S_ISREG(info.st_mode) && !(info.st_mode & 077) &&
               (info.st_uid == geteuid() || info.st_uid == 0);
    ssize_t n = good ? read(fd, password, PASSWORD_BYTES_MAX) : -1;
    close(fd);
    if (n <= 0) {
        return NULL;
    }
    password[strcspn(password, "\r\n")] = '\0';
    return *password ? password : NULL;
}

static size_t feed(char *to, size_t size, size_t n, void *baton)
{
    dialogue_t *dialogue = baton;
    size_t take = size * n < dialogue->left ? size * n : dialogue->left;
    memcpy(to, dialogue->at, take);
    dialogue->at += take;
    dialogue->left -= take;
    return take;
}

static size_t discard(char *bytes, size_t size, size_t n, void *baton)
{
    (void)bytes;
    (void)baton;
    return size * n;
}

/* Watches which command goes out. The QUIT after a refusal doesn't count. */
static int watch(CURL *curl, curl_infotype type, char *bytes, size_t length, void *baton)
{
    dialogue_t *dialogue = baton;
    (void)curl;
    if (type != CURLINFO_HEADER_OUT || length < 4) {
        return 0;
    }
    if (!strncasecmp(bytes, "QUIT", 4)) {
        dialogue->left_off = 1;
        return 0;
    }
    dialogue->subject = dialogue->detail = 0;
    dialogue->to_recipient = !strncasecmp(bytes, "RCPT", 4) || !strncasecmp(bytes, "DATA", 4);
    return 0;
}

/* One to three digits at `*at`, or -1. */
static int read_part(const char **at, const char *end)
{
    int number = 0, digits = 0;
    for (; *at < end && digits < 4 && **at >= '0' && **at <= '9'; ++*at, digits++) {
        number = number * 10 + (**at - '0');
    }
    return digits >= 1 && digits <= 3 ? number : -1;
}

/* Every line of a reply passes here: 554 5.7.1 words. Only the numbers are kept. */
static size_t hear(char *bytes, size_t size, size_t n, void *baton)
{
    dialogue_t *dialogue = baton;
    const char *end = bytes + size * n;
    if (size * n < 4 || dialogue->left_off) {
        return size * n;
    }
    dialogue->begun |= !strncmp(bytes, "354", 3);
    const char *at = bytes + 4;
    if (end - at < 5 || at[0] != '5' || at[1] != '.') {
        return size * n;
    }
    at += 2;
    int subject = read_part(&at, end);
    int dot = at < end && *at++ == '.';
    int detail = dot ? read_part(&at, end) : -1;
    if (subject >= 0 && detail >= 0 && (at == end || strchr(" \r\n", *at))) {
        dialogue->subject = subject;
        dialogue->detail = detail;
    }
    return size * n;
}

/* Relay and the name we say in EHLO. An address literal stands in brackets (RFC 5321 4.1.3). */
static const char *relay_url(const pd_settings_t *settings, apr_pool_t *p)
{
    const char *host = pd_settings_base_host(settings, p);
    if (*host == '[') {
        host = apr_pstrcat(p, "[IPv6:", host + 1, NULL);
    }
    else if (host[strspn(host, "0123456789.")] == '\0') {
        host = apr_pstrcat(p, "[", host, "]", NULL);
    }
    return apr_pstrcat(p, settings->mail_relay, "/", pd_url_encode(host, p), NULL);
}

static int relay_is_here(const pd_settings_t *settings, apr_pool_t *p)
{
    const char *host = strstr(settings->mail_relay, "://");
    host = host ? host + 3 : "";
    apr_size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    return pd_host_is_loopback(apr_pstrndup(p, host, length));
}

static void set_tls(CURL *curl, const pd_settings_t *settings, apr_pool_t *p)
{
    if (settings->mail_tls == PD_MAIL_TLS_OFF) {
        curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
        return;
    }
    if (settings->mail_ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->mail_ca_file);
    }
    if (settings->mail_tls == PD_MAIL_TLS_AUTO && relay_is_here(settings, p) &&
        !settings->mail_user && !settings->mail_ca_file) {
        /* A mail server of this machine usually has a certificate of its own making. Any program
         * of this machine may take a port that is free, though: no password goes there unasked. */
        curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
}

/* NULL, or what keeps us from trying. */
static const char *set_login(CURL *curl, const pd_settings_t *settings, apr_pool_t *p)
{
    if (!settings->mail_user) {
        return NULL;
    }
    const char *password = read_password(settings->mail_password_file, p);
    if (!password) {
        return "the mail password file can't be read, is empty, or others may read it";
    }
    curl_easy_setopt(curl, CURLOPT_USERNAME, settings->mail_user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    return NULL;
}

/* Called about once a second while curl waits: a process that is told to end hangs on no mail
 * server. */
static int on_progress(void *unused, curl_off_t to_load, curl_off_t loaded, curl_off_t to_send,
                       curl_off_t sent)
{
    (void)unused;
    (void)to_load;
    (void)loaded;
    (void)to_send;
    (void)sent;
    return pd_stop_asked();
}

/* Other modules of this process start programs (CGI), at any moment: a connection with a password
 * and letters on it is not for them. libcurl's own sockets would be inherited. */
static curl_socket_t open_socket(void *unused, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)unused;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_limits(CURL *curl, const pd_settings_t *settings)
{
    long all = MSECS(settings->mail_timeout);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, all);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     all < CONNECT_MSECS_MAX ? all : CONNECT_MSECS_MAX);
    /* Bounds the farewell too, which the time-out above doesn't. */
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, all / 1000 > 0 ? all / 1000 : 1L);
}

static void set_message(CURL *curl, const pd_settings_t *settings, dialogue_t *dialogue,
                        apr_pool_t *p)
{
    curl_easy_setopt(curl, CURLOPT_URL, relay_url(settings, p));
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, apr_pstrcat(p, "<", settings->mail_from, ">", NULL));
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, feed);
    curl_easy_setopt(curl, CURLOPT_READDATA, dialogue);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)dialogue->left);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, hear);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, dialogue);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, dialogue);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
}

/* Trouble with ourselves or the way there, by curl's own words. */
static const char *alarm_reason(CURLcode code)
{
    switch (code) {
    case CURLE_USE_SSL_FAILED:
        return "the relay offers no TLS, and none goes out without";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the relay's certificate is not good";
    case CURLE_SSL_CONNECT_ERROR:
        return "TLS with the relay failed";
    case CURLE_SSL_CACERT_BADFILE:
        return "PDPortalMailCAFile can't be used";
    case CURLE_LOGIN_DENIED:
        return "the relay refused user or password";
    default:
        return NULL;
    }
}

/* Reply codes that speak of us, wherever they come: authentication and encryption wanted. */
static int is_about_us(long code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

/* Does a refusal speak of the recipient, or of the message? Before the message is asked for, a
 * relay may still say that it doesn't want us: our address, our name, our rights. 5.1.7 and 5.1.8
 * are the sender's address. */
static int is_about_letter(long reply, const dialogue_t *dialogue)
{
    if (!dialogue->to_recipient || is_about_us(reply)) {
        return 0;
    }
    if (dialogue->begun) {
        return 1;
    }
    if (dialogue->subject == 1) {
        return dialogue->detail != 7 && dialogue->detail != 8;
    }
    int usual = reply == 550 || reply == 551 || reply == 552 || reply == 556;
    return usual && dialogue->subject != 5 && dialogue->subject != 7;
}

static void classify(pd_mail_result_t *result, CURLcode code, long reply,
                     const dialogue_t *dialogue, apr_pool_t *p)
{
    const char *alarm = alarm_reason(code);
    result->reply_code = reply;
    result->reason = "";
    if (code == CURLE_OK) {
        result->outcome = PD_MAIL_ACCEPTED;
    }
    else if (alarm) {
        result->outcome = PD_MAIL_UNREACHABLE;
        result->reason = alarm;
    }
    else if (reply == 354) {
        result->outcome = PD_MAIL_UNKNOWN;
        result->reason = "no answer to the message";
    }
    else if (reply >= 500 && is_about_letter(reply, dialogue)) {
        result->outcome = PD_MAIL_REFUSED;
    }
    else if (reply >= 500) {
        result->outcome = PD_MAIL_UNREACHABLE;
        result->reason = apr_psprintf(p, "the relay will not serve us (status 5.%d.%d)",
                                      dialogue->subject, dialogue->detail);
    }
    else if (reply >= 400) {
        result->outcome = PD_MAIL_DEFERRED;
    }
    else {
        result->outcome = PD_MAIL_UNREACHABLE;
        result->reason = code == CURLE_OPERATION_TIMEDOUT ? "the relay is silent"
                         : reply                          ? "the relay broke off"
                                                          : "no connection to the relay";
    }
}

static void talk(pd_mail_result_t *result, CURL *curl, const pd_settings_t *settings,
                 const char *recipient, dialogue_t *dialogue, apr_pool_t *p)
{
    struct curl_slist *to = curl_slist_append(NULL, apr_pstrcat(p, "<", recipient, ">", NULL));
    const char *why = to ? set_login(curl, settings, p) : "no memory";
    if (why) {
        *result = (pd_mail_result_t){PD_MAIL_UNREACHABLE, 0, why};
        curl_slist_free_all(to);
        return;
    }
    set_message(curl, settings, dialogue, p);
    set_limits(curl, settings);
    set_tls(curl, settings, p);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    long reply = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply);
    classify(result, code, reply, dialogue, p);
    curl_slist_free_all(to);
}

void pd_smtp_deliver(pd_mail_result_t *result, const pd_settings_t *settings, const char *recipient,
                     const char *message_id, const char *message, apr_size_t length, apr_pool_t *p)
{
    dialogue_t dialogue = {.at = message, .left = length};
    (void)message_id; /* stands in the message */
    if (!good_address(recipient) || !good_address(settings->mail_from)) {
        *result = (pd_mail_result_t){PD_MAIL_REFUSED, 0, "the address can't be written in SMTP"};
        return;
    }
    pthread_once(&curl_once, curl_ready);
    CURL *curl = curl_state == CURLE_OK ? curl_easy_init() : NULL;
    if (!curl) {
        *result = (pd_mail_result_t){PD_MAIL_UNREACHABLE, 0, "libcurl doesn't start"};
        return;
    }
    talk(result, curl, settings, recipient, &dialogue, p);
    curl_easy_cleanup(curl);
}

pd_transport_fn *pd_transport(const pd_settings_t *settings)
{
    return strncmp(settings->mail_relay, "maildir:", 8) ? pd_smtp_deliver : pd_maildir_deliver;
}
