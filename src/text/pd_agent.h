/* What a browser calls itself, read to a family and no further: enough for its owner to know it
 * again, and nothing that would tell it from others of its kind. */
#ifndef PD_AGENT_H
#define PD_AGENT_H

typedef struct pd_agent_t {
    const char *browser; /* "Firefox"; "": none that we know */
    const char *system;  /* "Android"; likewise */
} pd_agent_t;

/* `sent` is the header User-Agent; NULL: there is none. The names are constants. */
void pd_agent_read(pd_agent_t *agent, const char *sent);

#endif
