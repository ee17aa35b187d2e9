/* Inside of crypt/: keyed hashes over parts that can't run into one another. */
#ifndef PD_HASH_INT_H
#define PD_HASH_INT_H
#include "crypt/pd_hash.h"

#define PD_HASH_BYTES 32

/* A part of what is hashed; `bytes` NULL is "nothing", which differs from an empty part. */
typedef struct pd_part_t {
    const void *bytes;
    apr_size_t length;
} pd_part_t;

pd_part_t pd_part_text(const char *text);

/* BLAKE2b-256 with a key of PD_KEY_BYTES; before each part goes its length, 8 bytes LE. */
void pd_hash_parts(unsigned char hash[PD_HASH_BYTES], const unsigned char *key,
                   const pd_part_t *parts, int n_parts);

#endif
