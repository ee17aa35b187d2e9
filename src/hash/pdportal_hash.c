/* pdportal-hash: reads one hash to be made from its standard input, makes it, writes the result and
 * ends. Started by the module; see crypt/pd_argon.h. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/pd_bytes.h"
#include "crypt/pd_argon.h"

/* Beside a busy page thread a third of its time: pages go first, and nobody can keep people from
 * signing in by asking for pages. */
#define NICE 5

/* What it holds is nobody's business, not even of other programs of httpd's user; and whoever asked
 * for it takes it along when he ends, or it would hash beside those that come after. Where
 * something is refused, the work is done all the same. */
static void settle(void)
{
    const struct rlimit no_core = {0, 0};
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)setpriority(PRIO_PROCESS, 0, NICE);
}

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
    return memcmp(argon->magic, pd_argon_magic, sizeof argon->magic) == 0;
}

int main(void)
{
    pd_argon_t argon;
    settle();
    if (!read_all(&argon)) {
        return 1;
    }
    pd_argon_here(&argon);
    pd_wipe(argon.input, sizeof argon.input);
    return write(STDOUT_FILENO, &argon, sizeof argon) == (ssize_t)sizeof argon ? 0 : 1;
}
