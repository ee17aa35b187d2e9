/* One flag of the process. A module that is loaded anew begins with its own. */
#include "base/pd_stop.h"

static int asked;

void pd_stop_ask(void)
{
    __atomic_store_n(&asked, 1, __ATOMIC_SEQ_CST);
}

int pd_stop_asked(void)
{
    return __atomic_load_n(&asked, __ATOMIC_SEQ_CST);
}
