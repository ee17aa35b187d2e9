/* The limiter's table. Each change reads a set, decides, and swaps one word; when the word is no
 * longer what was read, it begins anew. */
#include "base/pd_limiter.h"

#define SETS       8192U
#define WAYS       8
#define SET_BITS   13
#define TAG_BITS   20
#define RULE_BITS  4
#define COUNT_BITS 12
#define UNTIL_BITS 28
#define COUNT_MASK ((1U << COUNT_BITS) - 1)
#define UNTIL_MASK ((1U << UNTIL_BITS) - 1)
#define TAG_SHIFT  (COUNT_BITS + UNTIL_BITS)
#define TENTH      (APR_USEC_PER_SEC / 10)
#define NOWHERE    (-1)

_Static_assert(SETS == 1U << SET_BITS, "a set's number is so many bits of the hash");
_Static_assert(RULE_BITS + TAG_BITS + COUNT_BITS + UNTIL_BITS == 64, "an entry is one word");
_Static_assert(PD_LIMITER_RULES_MAX == 1 << RULE_BITS, "a rule's number has its bits");
_Static_assert(PD_LIMITER_FREE_MAX + 64 < COUNT_MASK, "a count has its bits");

struct pd_limiter_t {
    apr_uint64_t *words;
    const pd_limit_rule_t *rules;
    int n_rules;
    pd_limiter_clock_fn *clock;
};

/* What a word says at an instant. */
typedef struct entry_t {
    apr_uint32_t count; /* what is left of it */
    apr_uint32_t wait;  /* tenths; 0: blocks nobody */
    apr_uint32_t rest;  /* tenths since the count last fell */
    apr_uint32_t age;   /* tenths since `until` */
} entry_t;

/* Where a hash stands in its set, or would. */
typedef struct place_t {
    apr_uint64_t *set;
    apr_uint64_t tag;  /* in its bits */
    apr_uint64_t word; /* as read */
    int way;           /* NOWHERE: it has no entry */
    apr_uint32_t now;
} place_t;

apr_size_t pd_limiter_bytes(void)
{
    return SETS * WAYS * sizeof(apr_uint64_t);
}

pd_limiter_t *pd_limiter_over(void *block, const pd_limit_rule_t *rules, int n_rules,
                              pd_limiter_clock_fn *clock, apr_pool_t *p)
{
    pd_limiter_t *limiter = apr_palloc(p, sizeof *limiter);
    limiter->words = block;
    limiter->rules = rules;
    limiter->n_rules = n_rules;
    limiter->clock = clock;
    return limiter;
}

static apr_uint32_t tenths(apr_interval_time_t span)
{
    return (apr_uint32_t)(span / TENTH);
}

static apr_uint32_t count_of(apr_uint64_t word)
{
    return (apr_uint32_t)(word >> UNTIL_BITS) & COUNT_MASK;
}

static apr_uint64_t word_of(apr_uint64_t tag, apr_uint32_t count, apr_uint32_t until)
{
    return count ? tag | (apr_uint64_t)(count & COUNT_MASK) << UNTIL_BITS | (until & UNTIL_MASK)
                 : 0;
}

/* A word of a rule that is not there (another version of the module wrote it) says nothing. */
static entry_t read_entry(const pd_limiter_t *limiter, apr_uint64_t word, apr_uint32_t now)
{
    entry_t entry = {0, 0, 0, 0};
    int number = (int)(word >> (TAG_SHIFT + TAG_BITS));
    if (!word || number >= limiter->n_rules) {
        return entry;
    }
    const pd_limit_rule_t *rule = &limiter->rules[number];
    apr_uint32_t age = (now - (apr_uint32_t)word) & UNTIL_MASK;
    if (age > UNTIL_MASK - tenths(rule->longest)) {
        entry.count = count_of(word);
        entry.wait = UNTIL_MASK + 1 - age;
        return entry;
    }
    apr_uint32_t fallen = age / tenths(rule->decay);
    entry.count = count_of(word) > fallen ? count_of(word) - fallen : 0;
    entry.rest = entry.count ? age % tenths(rule->decay) : 0;
    entry.age = age;
    return entry;
}

/* Does `a` matter less than `b`? */
static int lighter(const entry_t *a, const entry_t *b)
{
    if (a->wait || b->wait) {
        return a->wait < b->wait;
    }
    return a->count != b->count ? a->count < b->count : a->age > b->age;
}

/* The wait that follows the attempt which made the count so high. */
static apr_uint32_t delay(const pd_limit_rule_t *rule, apr_uint32_t count)
{
    apr_uint32_t wait = tenths(rule->first), longest = tenths(rule->longest);
    if (count <= (apr_uint32_t)rule->free) {
        return 0;
    }
    for (apr_uint32_t over = count - (apr_uint32_t)rule->free; over > 1 && wait < longest; over--) {
        wait *= 2;
    }
    return wait < longest ? wait : longest;
}

static place_t place_of(const pd_limiter_t *limiter, int rule, apr_uint64_t hash)
{
    place_t place = {0};
    place.set = limiter->words + (hash & (SETS - 1)) * WAYS;
    place.tag = ((apr_uint64_t)rule << TAG_BITS | (hash >> SET_BITS & ((1U << TAG_BITS) - 1)))
                << TAG_SHIFT;
    return place;
}

/* Finds the entry; of two, which a process that was killed may have left, the one that matters
 * more. Where there is none, gives the word that would make room and, as the result, its way. */
static int look(place_t *place, const pd_limiter_t *limiter)
{
    entry_t found = {0}, least = {0};
    apr_uint64_t room_word = 0;
    int room = NOWHERE;
    place->now = (apr_uint32_t)(limiter->clock() / TENTH) & UNTIL_MASK;
    place->way = NOWHERE;
    for (int way = 0; way < WAYS; way++) {
        apr_uint64_t word = __atomic_load_n(&place->set[way], __ATOMIC_SEQ_CST);
        entry_t entry = read_entry(limiter, word, place->now);
        if (word && (word ^ place->tag) >> TAG_SHIFT == 0) {
            if (place->way == NOWHERE || lighter(&found, &entry)) {
                place->way = way;
                place->word = word;
                found = entry;
            }
        }
        else if (room == NOWHERE || (room_word && (!word || lighter(&entry, &least)))) {
            room = way;
            room_word = word;
            least = entry;
        }
    }
    if (place->way == NOWHERE) {
        place->word = room_word;
    }
    return room;
}

static int swap(const place_t *place, int way, apr_uint64_t seen, apr_uint64_t wanted)
{
    return __atomic_compare_exchange_n(&place->set[way], &seen, wanted, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

/* No other way has an entry of the same tag? */
static int alone(const place_t *place, int way)
{
    for (int other = 0; other < WAYS; other++) {
        apr_uint64_t word = __atomic_load_n(&place->set[other], __ATOMIC_SEQ_CST);
        if (other != way && word && (word ^ place->tag) >> TAG_SHIFT == 0) {
            return 0;
        }
    }
    return 1;
}

/* Takes one attempt off an entry, while it is there. */
static void take_off(const place_t *place, int way)
{
    for (;;) {
        apr_uint64_t word = __atomic_load_n(&place->set[way], __ATOMIC_SEQ_CST);
        if (!word || (word ^ place->tag) >> TAG_SHIFT ||
            swap(place, way, word,
                 word_of(place->tag, count_of(word) - 1, (apr_uint32_t)word & UNTIL_MASK))) {
            return;
        }
    }
}

/* The word after one more attempt; sets the wait that follows it. */
static apr_uint64_t counted(apr_uint32_t *wait, const place_t *place, const pd_limit_rule_t *rule,
                            const entry_t *entry)
{
    apr_uint32_t count = entry->count;
    if (delay(rule, count) < tenths(rule->longest)) {
        count++;
    }
    *wait = delay(rule, count);
    return word_of(place->tag, count, *wait ? place->now + *wait : place->now - entry->rest);
}

apr_interval_time_t pd_limiter_attempt(apr_interval_time_t *next, pd_limiter_t *limiter, int rule,
                                       apr_uint64_t hash)
{
    place_t place = place_of(limiter, rule, hash);
    for (;;) {
        entry_t entry = {0};
        apr_uint32_t wait;
        int room = look(&place, limiter);
        if (place.way != NOWHERE) {
            entry = read_entry(limiter, place.word, place.now);
        }
        if (entry.wait) {
            return (apr_interval_time_t)entry.wait * TENTH;
        }
        int way = place.way != NOWHERE ? place.way : room;
        if (!swap(&place, way, place.word, counted(&wait, &place, &limiter->rules[rule], &entry))) {
            continue;
        }
        /* Two that found nothing may both have made an entry: then neither has. */
        if (place.way == NOWHERE && !alone(&place, way)) {
            take_off(&place, way);
            continue;
        }
        if (next) {
            *next = (apr_interval_time_t)wait * TENTH;
        }
        return 0;
    }
}

apr_interval_time_t pd_limiter_wait(pd_limiter_t *limiter, int rule, apr_uint64_t hash)
{
    place_t place = place_of(limiter, rule, hash);
    look(&place, limiter);
    if (place.way == NOWHERE) {
        return 0;
    }
    return (apr_interval_time_t)read_entry(limiter, place.word, place.now).wait * TENTH;
}

void pd_limiter_give_back(pd_limiter_t *limiter, int rule, apr_uint64_t hash)
{
    place_t place = place_of(limiter, rule, hash);
    for (;;) {
        look(&place, limiter);
        if (place.way == NOWHERE) {
            return;
        }
        entry_t entry = read_entry(limiter, place.word, place.now);
        apr_uint32_t until = entry.wait ? place.now : (apr_uint32_t)place.word & UNTIL_MASK;
        if (swap(&place, place.way, place.word,
                 word_of(place.tag, count_of(place.word) - 1, until))) {
            return;
        }
    }
}

void pd_limiter_forget(pd_limiter_t *limiter, int rule, apr_uint64_t hash)
{
    place_t place = place_of(limiter, rule, hash);
    for (look(&place, limiter); place.way != NOWHERE; look(&place, limiter)) {
        (void)swap(&place, place.way, place.word, 0);
    }
}
