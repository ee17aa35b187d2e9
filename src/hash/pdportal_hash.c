/* pdportal-hash: reads one hash to be made from its standard input, makes it, writes the result and
 * ends. Started by the module; see crypt/pd_argon.h. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/pd_bytes.h"
#include "crypt/pd_argon.h"

/* Against a thread that serves pages: one tenth of a processor's time. */
#define NICE 10

static int read_all(pd_argon_t *argon)
{
    size_t got = 0;
    while (got < sizeof *argon) {
        ssize_t n = read(STDIN_FILENO, (char *)argon + got, sizeof *argon - got);
        if (n <= 0) {
            return 0;
        }
        got += (size_t)n;
    }
    return memcmp(argon->magic, PD_ARGON_MAGIC, sizeof argon->magic) == 0;
}

int main(void)
{
    pd_argon_t argon;
    const struct rlimit no_core = {0, 0}; /* it would hold the password's imprint */
    setrlimit(RLIMIT_CORE, &no_core);
    /* Where it is refused, the work is done all the same. */
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    if (!read_all(&argon)) {
        return 1;
    }
    pd_argon_here(&argon);
    pd_wipe(argon.input, sizeof argon.input);
    return write(STDOUT_FILENO, &argon, sizeof argon) == (ssize_t)sizeof argon ? 0 : 1;
}
