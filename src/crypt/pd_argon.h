/* Argon2id, where it disturbs nobody. Hashing takes 64 MiB and some 40 ms of a processor; done in a
 * web server's process it holds up the others there, since the kernel locks a process's memory
 * while it fills that much of it. So a small program does it, pdportal-hash: one process for each
 * hash, at a lower priority, which knows neither keys nor the database. Without the program
 * (pdportalctl, tests, or where it isn't installed) it is done here, with the same result. Own
 * decision. */
#ifndef PD_ARGON_H
#define PD_ARGON_H
#include <apr_pools.h>

#define PD_ARGON_TEXT_CHARS  128 /* crypto_pwhash_STRBYTES, with the ending zeros */
#define PD_ARGON_INPUT_CHARS 43  /* 32 bytes in base64url */

/* None is 0 or near another one: nothing that goes wrong on the way looks like a right password. */
typedef enum {
    PD_ARGON_DONE = 0x2b5d7a11,      /* made, or compared and equal */
    PD_ARGON_DIFFERENT = 0x51c3e622, /* compared */
    PD_ARGON_NO_MEMORY = 0x0f9a4c33, /* or no time: to be tried later */
    PD_ARGON_MALFORMED = 0x74e81d44  /* the text to compare with can't be read; no work was done */
} pd_argon_e;

/* One hash, and its way to the program and back: the bytes of this struct. */
typedef struct pd_argon_t {
    char magic[8];           /* pd_argon_magic, since an upgrade may change one side only */
    apr_uint32_t memory_kib; /* 0: compare with `text` */
    apr_uint32_t passes;
    apr_int32_t outcome; /* pd_argon_e */
    char input[PD_ARGON_INPUT_CHARS + 1];
    char text[PD_ARGON_TEXT_CHARS]; /* "$argon2id$..." */
} pd_argon_t;

extern const char pd_argon_magic[8];

/* Names the program, for all later work; the text is borrowed. At start-up only. */
void pd_argon_use(const char *program);

/* Does the work; the outcome is returned and in `argon`. Any thread. */
pd_argon_e pd_argon(pd_argon_t *argon);

/* The same here and now, which is what the program does. */
pd_argon_e pd_argon_here(pd_argon_t *argon);

#endif
