/* The program is started without a shell, without environment, with nothing but a socket: the work
 * goes in, the result comes out, and its end is waited for. Whatever goes wrong with the program
 * itself, the work is done here; only one that was killed, as when memory runs out, or that takes
 * for ever, is not tried again. */
#include "crypt/pd_argon.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/pd_bytes.h"
#include "base/pd_log.h"
#include "base/pd_random.h"

_Static_assert(PD_ARGON_TEXT_CHARS == crypto_pwhash_STRBYTES, "room for the text");

#define TEXT_PREFIX "$argon2id$"

/* The dearest setting there may be takes minutes on a busy machine. */
#define PATIENCE_SECS 600

/* A program that has nothing to say any more is given this to end. */
#define ENDING_STEPS     100
#define ENDING_STEP_USEC 10000

const char pd_argon_magic[8] = {'p', 'd', 'h', 'a', 's', 'h', '2', (char)sizeof(pd_argon_t)};

static const char *program; /* NULL: none */

void pd_argon_use(const char *path)
{
    program = path;
}

static pd_argon_e make(pd_argon_t *argon)
{
    int failed =
        crypto_pwhash_str_alg(argon->text, argon->input, PD_ARGON_INPUT_CHARS, argon->passes,
                              (size_t)argon->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13);
    return failed ? PD_ARGON_NO_MEMORY : PD_ARGON_DONE;
}

static pd_argon_e compare(const pd_argon_t *argon)
{
    errno = 0;
    if (crypto_pwhash_str_verify(argon->text, argon->input, PD_ARGON_INPUT_CHARS) == 0) {
        return PD_ARGON_DONE;
    }
    /* EINVAL: hashed, and different */
    return errno == EINVAL   ? PD_ARGON_DIFFERENT
           : errno == ENOMEM ? PD_ARGON_NO_MEMORY
                             : PD_ARGON_MALFORMED;
}

pd_argon_e pd_argon_here(pd_argon_t *argon)
{
    pd_random_ready();
    pd_argon_e outcome = argon->memory_kib > 0 ? make(argon) : compare(argon);
    argon->outcome = (apr_int32_t)outcome;
    return outcome;
}

/* --- the program --- */

/* All other files are closed, those too that somebody opened without close-on-exec (glibc 2.34). */
static int set_files(posix_spawn_file_actions_t *files, int theirs)
{
    int failed = posix_spawn_file_actions_adddup2(files, theirs, STDIN_FILENO);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(files, theirs, STDOUT_FILENO);
    failed = failed
                 ? failed
                 : posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return failed ? failed : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

static int set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    failed = failed ? failed : posix_spawnattr_setsigdefault(attributes, &all);
    return failed ? failed
                  : posix_spawnattr_setflags(attributes,
                                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* 0, or an errno. */
static int start(pid_t *pid, int theirs)
{
    char *const arguments[] = {(char *)"pdportal-hash", NULL}, *const no_environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_files(&files, theirs);
        failed = failed ? failed : set_signals(&attributes);
        failed = failed ? failed
                        : posix_spawn(pid, program, &files, &attributes, arguments, no_environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static int send_all(int ours, const pd_argon_t *argon)
{
    ssize_t n;
    do {
        n = send(ours, argon, sizeof *argon, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *argon && shutdown(ours, SHUT_WR) == 0;
}

typedef enum { ANSWERED, SILENT, TOO_SLOW } answer_e;

static answer_e receive_all(int ours, pd_argon_t *result)
{
    size_t got = 0;
    while (got < sizeof *result) {
        ssize_t n = recv(ours, (char *)result + got, sizeof *result - got, 0);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return n < 0 && errno == EAGAIN ? TOO_SLOW : SILENT;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    return ANSWERED;
}

/* The program's end, as of waitpid; of one that lingers, an end by our hand. */
static int await_end(pid_t pid, int at_once)
{
    int status = 0;
    for (int i = 0; i < ENDING_STEPS && !at_once; i++) {
        pid_t waited = waitpid(pid, &status, WNOHANG);
        if (waited == pid || (waited < 0 && errno != EINTR)) {
            return status;
        }
        usleep(ENDING_STEP_USEC);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return 0;
}

/* What was sent, come back as it was, is none; nor is a text that can't be one. */
static int is_result(const pd_argon_t *result, const pd_argon_t *argon)
{
    if (memcmp(result->magic, pd_argon_magic, sizeof result->magic) != 0 ||
        result->text[sizeof result->text - 1] != '\0') {
        return 0;
    }
    switch (result->outcome) {
    case PD_ARGON_DONE:
        return argon->memory_kib > 0
                   ? strncmp(result->text, TEXT_PREFIX, sizeof TEXT_PREFIX - 1) == 0
                   : memcmp(result->text, argon->text, sizeof result->text) == 0;
    case PD_ARGON_DIFFERENT:
    case PD_ARGON_MALFORMED:
        return argon->memory_kib == 0;
    case PD_ARGON_NO_MEMORY:
        return 1;
    default:
        return 0;
    }
}

/* Why it was not done by the program: what went wrong, and errno or what waitpid said. */
typedef struct trouble_t {
    const char *what; /* NULL: nothing */
    int number;
} trouble_t;

static void converse(pd_argon_t *result, trouble_t *trouble, const pd_argon_t *argon, int ours,
                     pid_t pid)
{
    static const struct timeval patience = {PATIENCE_SECS, 0};
    setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    answer_e answer = send_all(ours, argon) ? receive_all(ours, result) : SILENT;
    int good = answer == ANSWERED && is_result(result, argon);
    int status = await_end(pid, answer != SILENT);
    int killed = answer == TOO_SLOW || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    if (good) {
        return;
    }
    *trouble = (trouble_t){killed ? "was killed" : "gave no result, wait status", status};
    if (killed) {
        result->outcome = PD_ARGON_NO_MEMORY;
    }
}

static trouble_t by_program(pd_argon_t *result, const pd_argon_t *argon)
{
    int pair[2];
    pid_t pid;
    trouble_t trouble = {NULL, 0};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return (trouble_t){"has no socket, errno", errno};
    }
    int failed = start(&pid, pair[1]);
    close(pair[1]);
    if (failed) {
        trouble = (trouble_t){"can't be started, errno", failed};
    }
    else {
        converse(result, &trouble, argon, pair[0], pid);
    }
    close(pair[0]);
    return trouble;
}

static void tell(const trouble_t *trouble, int is_over)
{
    static volatile apr_uint32_t said;
    if (pd_log_due(&said)) {
        pd_log(PD_LOG_WARNING, 0, "PD0251: %s %s %d: %s", program, trouble->what, trouble->number,
               is_over ? "a password was not hashed"
                       : "passwords are hashed within the server, where that slows down pages "
                         "while many people sign in");
    }
}

pd_argon_e pd_argon(pd_argon_t *argon)
{
    pd_argon_t result = {.outcome = 0};
    memcpy(argon->magic, pd_argon_magic, sizeof argon->magic);
    argon->outcome = 0;
    if (!program) {
        return pd_argon_here(argon);
    }
    trouble_t trouble = by_program(&result, argon);
    int is_over = !trouble.what || result.outcome == PD_ARGON_NO_MEMORY;
    if (trouble.what) {
        tell(&trouble, is_over);
    }
    if (is_over) {
        argon->outcome = result.outcome;
        if (result.outcome == PD_ARGON_DONE) {
            memcpy(argon->text, result.text, sizeof argon->text);
        }
    }
    pd_wipe(&result, sizeof result);
    return is_over ? (pd_argon_e)argon->outcome : pd_argon_here(argon);
}
