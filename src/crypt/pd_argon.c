/* The program is started without a shell, with nothing but a socket: the work goes in, the result
 * comes out, and its end is waited for. Whatever goes wrong with the program itself, the work is
 * done here; only one that was killed (it was big when memory ran out) is not tried again. */
#include "crypt/pd_argon.h"
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/pd_log.h"
#include "base/pd_random.h"

extern char **environ;

_Static_assert(PD_ARGON_TEXT_CHARS == crypto_pwhash_STRBYTES, "room for the text");

#define NO_OUTCOME    (-1)
#define PATIENCE_SECS 60

static const char *program; /* NULL: none */

void pd_argon_use(const char *path)
{
    program = path;
}

pd_argon_e pd_argon_here(pd_argon_t *argon)
{
    pd_argon_e outcome = PD_ARGON_DONE;
    pd_random_ready();
    errno = 0;
    if (argon->memory_kib > 0) {
        if (crypto_pwhash_str_alg(argon->text, argon->input, PD_ARGON_INPUT_CHARS, argon->passes,
                                  (size_t)argon->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13)) {
            outcome = PD_ARGON_NO_MEMORY;
        }
    }
    else if (crypto_pwhash_str_verify(argon->text, argon->input, PD_ARGON_INPUT_CHARS)) {
        /* EINVAL: hashed, and different */
        outcome = errno == EINVAL   ? PD_ARGON_DIFFERENT
                  : errno == ENOMEM ? PD_ARGON_NO_MEMORY
                                    : PD_ARGON_MALFORMED;
    }
    argon->outcome = outcome;
    return outcome;
}

static int start(pid_t *pid, int theirs)
{
    char *const arguments[] = {(char *)"pdportal-hash", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    if (posix_spawn_file_actions_init(&files)) {
        return ENOMEM;
    }
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    posix_spawn_file_actions_adddup2(&files, theirs, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, theirs, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(pid, program, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
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

/* A program that doesn't answer is ended. */
static int receive_all(int ours, pd_argon_t *result, pid_t pid)
{
    size_t got = 0;
    while (got < sizeof *result) {
        ssize_t n = recv(ours, (char *)result + got, sizeof *result - got, 0);
        if (n > 0) {
            got += (size_t)n;
        }
        else if (n == 0 || errno != EINTR) {
            if (n < 0) {
                kill(pid, SIGKILL);
            }
            return 0;
        }
    }
    return 1;
}

/* Was it killed? */
static int await_end(pid_t pid)
{
    int status = 0;
    pid_t waited;
    do {
        waited = waitpid(pid, &status, 0);
    } while (waited < 0 && errno == EINTR);
    return waited == pid && WIFSIGNALED(status);
}

/* What was sent, come back as it was, is none. */
static int is_result(const pd_argon_t *result)
{
    return memcmp(result->magic, PD_ARGON_MAGIC, sizeof result->magic) == 0 &&
           result->outcome >= PD_ARGON_DONE && result->outcome <= PD_ARGON_MALFORMED;
}

typedef enum { BY_PROGRAM, NOT_BY_PROGRAM, KILLED } done_e;

static done_e by_program(pd_argon_t *result, const pd_argon_t *argon)
{
    static const struct timeval patience = {PATIENCE_SECS, 0};
    int pair[2];
    pid_t pid;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
        return NOT_BY_PROGRAM;
    }
    int failed = start(&pid, pair[1]);
    close(pair[1]);
    if (failed) {
        close(pair[0]);
        return NOT_BY_PROGRAM;
    }
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int good = send_all(pair[0], argon) && receive_all(pair[0], result, pid) && is_result(result);
    close(pair[0]);
    int killed = await_end(pid);
    return good ? BY_PROGRAM : killed ? KILLED : NOT_BY_PROGRAM;
}

static pd_argon_e done_here(pd_argon_t *argon)
{
    static volatile apr_uint32_t said;
    if (pd_log_due(&said)) {
        pd_log(PD_LOG_WARNING, 0,
               "PD0251: %s does not work: passwords are hashed within the server, where that slows "
               "down pages while many people sign in",
               program);
    }
    return pd_argon_here(argon);
}

pd_argon_e pd_argon(pd_argon_t *argon)
{
    pd_argon_t result;
    memcpy(argon->magic, PD_ARGON_MAGIC, sizeof argon->magic);
    argon->outcome = NO_OUTCOME;
    if (!program) {
        return pd_argon_here(argon);
    }
    switch (by_program(&result, argon)) {
    case BY_PROGRAM:
        memcpy(argon->text, result.text, sizeof argon->text);
        argon->outcome = result.outcome;
        break;
    case KILLED:
        argon->outcome = PD_ARGON_NO_MEMORY;
        break;
    case NOT_BY_PROGRAM:
        return done_here(argon);
    }
    return (pd_argon_e)argon->outcome;
}
