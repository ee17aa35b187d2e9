/* The rules of guessing protection, and which of them an attempt meets. */
#include "portal/pd_guess.h"
#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>
#include "base/pd_bytes.h"
#include "crypt/pd_hash.h"

#define SECOND  apr_time_from_sec(1)
#define MINUTE  apr_time_from_sec(60)
#define NOTHING (-1)

enum {
    NAME,
    BROWSER,
    HOST,
    NETWORK,
    EVERYBODY,
    MAIL_HOST,
    MAIL_NETWORK,
    MAIL_EVERYBODY,
    WORK_HOST,
    WORK_NETWORK,
    WORK_EVERYBODY,
    EXPORT,
    N_RULES
};

/* Free attempts, first wait, longest wait, and how often one attempt is forgotten. */
const pd_limit_rule_t pd_guess_rules[] = {
    /* A person mistypes five times, hardly more; then a guesser has four tries an hour. */
    [NAME] = {5, 2 * SECOND, 15 * MINUTE, 30 * MINUTE},
    /* The owner's own: strangers can't count here, but a browser may be lent or stolen. */
    [BROWSER] = {10, 2 * SECOND, 15 * MINUTE, 30 * MINUTE},
    /* A whole clinic may sit behind one address; what is right is given back. */
    [HOST] = {30, SECOND, MINUTE, MINUTE},
    /* Addresses of a network are cheap for who rents it. */
    [NETWORK] = {100, SECOND, MINUTE, 20 * SECOND},
    /* Against a botnet: after a burst, ten strangers a second, whoever they are. A longer wait
     * would let the botnet keep all newcomers out. */
    [EVERYBODY] = {2000, SECOND / 10, SECOND / 10, SECOND / 10},
    /* Letters: twenty an hour from an address, sixty from a network, besides those that
     * PDPortalLettersPerHour lets through to one mailbox. */
    [MAIL_HOST] = {20, 3 * MINUTE, 3 * MINUTE, 3 * MINUTE},
    [MAIL_NETWORK] = {60, MINUTE, MINUTE, MINUTE},
    /* As EVERYBODY; apart from it, so that no flood of the one form closes the other. */
    [MAIL_EVERYBODY] = {2000, SECOND / 10, SECOND / 10, SECOND / 10},
    /* Pages that are made anew for each who asks: a reader opens a few, a program all of them. */
    [WORK_HOST] = {30, 2 * SECOND, 2 * SECOND, 2 * SECOND},
    [WORK_NETWORK] = {60, SECOND, SECOND, SECOND},
    [WORK_EVERYBODY] = {200, SECOND / 5, SECOND / 5, SECOND / 5},
    /* All that is kept of one person is read for it, which is much after years: asked for and
     * fetched fifty times, then one step in six minutes. */
    [EXPORT] = {100, 6 * MINUTE, 6 * MINUTE, 6 * MINUTE}};
const int pd_guess_n_rules = N_RULES;

static const char *const kinds[] = {[NAME] = "limit-name",
                                    [BROWSER] = "limit-browser",
                                    [HOST] = "limit-host",
                                    [NETWORK] = "limit-network",
                                    [EVERYBODY] = "limit-everybody",
                                    [MAIL_HOST] = "limit-mail-host",
                                    [MAIL_NETWORK] = "limit-mail-network",
                                    [MAIL_EVERYBODY] = "limit-mail-everybody",
                                    [WORK_HOST] = "limit-work-host",
                                    [WORK_NETWORK] = "limit-work-network",
                                    [WORK_EVERYBODY] = "limit-work-everybody",
                                    [EXPORT] = "limit-export"};

/* The name last: who hammers at one that is closed meets the limit of his own place. */
static const int sign_in_rules[] = {HOST, NETWORK, EVERYBODY, NAME, NOTHING};
static const int known_rules[] = {BROWSER, NOTHING};
static const int code_rules[] = {HOST, NETWORK, EVERYBODY, NOTHING};
static const int mail_rules[] = {MAIL_HOST, MAIL_NETWORK, MAIL_EVERYBODY, NOTHING};
static const int work_rules[] = {WORK_HOST, WORK_NETWORK, WORK_EVERYBODY, NOTHING};
static const int export_rules[] = {EXPORT, NOTHING};
static const int no_rules[] = {NOTHING};

static const char *hex(const char *family, const unsigned char *bytes, apr_size_t n_bytes,
                       apr_pool_t *p)
{
    return apr_pstrcat(p, family, pd_hex_encode(bytes, n_bytes, p), NULL);
}

void pd_guess_place(const char **host, const char **network, const char *address, apr_pool_t *p)
{
    unsigned char bytes[16];
    const char *typed = address ? address : "";
    const char *bare = apr_pstrmemdup(p, typed, strcspn(typed, "%")); /* without a zone */
    *host = *network = bare;
    if (inet_pton(AF_INET, bare, bytes) == 1) {
        *host = hex("4:", bytes, 4, p);
        *network = hex("4:", bytes, 3, p);
    }
    else if (inet_pton(AF_INET6, bare, bytes) == 1) {
        int mapped = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)bytes);
        *host = mapped ? hex("4:", bytes + 12, 4, p) : hex("6:", bytes, 16, p);
        *network = mapped ? hex("4:", bytes + 12, 3, p) : hex("6:", bytes, 8, p);
    }
}

static void count_under(pd_guess_t *guess, int rule, const char *value)
{
    guess->hashes[rule] = pd_hash_number(guess->portal->keys, kinds[rule], value);
}

static void begin(pd_guess_t *guess, const pd_portal_t *portal)
{
    memset(guess, 0, sizeof(*guess));
    guess->portal = portal;
    guess->rules = no_rules;
}

/* Rounded up, so that who comes back then is let through. */
static int seconds_of(apr_interval_time_t wait)
{
    return (int)((wait + SECOND - 1) / SECOND);
}

static int refused(const pd_guess_t *guess, apr_interval_time_t wait)
{
    pd_count(guess->portal->counts, PD_COUNT_LIMITED);
    return seconds_of(wait);
}

/* The longest wait of the places, before anything is counted: an address of a network that has to
 * wait leaves no entry. Else ever new addresses would fill the table, and what was counted of a
 * name would have to make room for them. */
static apr_interval_time_t place_waits(const pd_guess_t *guess, const int *rules)
{
    apr_interval_time_t longest = 0;
    for (const int *rule = rules; *rule != NOTHING; rule++) {
        apr_interval_time_t wait =
            *rule == NAME ? 0
                          : pd_limiter_wait(guess->portal->limiter, *rule, guess->hashes[*rule]);
        longest = wait > longest ? wait : longest;
    }
    return longest;
}

/* Waits double: of those that grow, exactly one lies here. At the longest each attempt tells again:
 * who goes on for days never comes up from below. */
static void judge(pd_guess_t *guess, apr_interval_time_t next)
{
    guess->alarm = next >= MINUTE && next < 2 * MINUTE;
    guess->tells = guess->alarm || next == pd_guess_rules[NAME].longest;
}

/* Counts under each rule; where a name refuses, what was counted of the place stays. */
static int count(pd_guess_t *guess, const int *rules)
{
    const pd_portal_t *portal = guess->portal;
    if (!portal->limiter)
        return 0;
    apr_interval_time_t closed = place_waits(guess, rules);
    if (closed)
        return refused(guess, closed);
    for (const int *rule = rules; *rule != NOTHING; rule++) {
        apr_interval_time_t next;
        apr_interval_time_t wait =
            pd_limiter_attempt(&next, portal->limiter, *rule, guess->hashes[*rule]);
        if (wait)
            return refused(guess, wait);
        if (*rule == NAME)
            judge(guess, next);
    }
    guess->rules = rules;
    return 0;
}

static void count_under_place(pd_guess_t *guess, int host_rule, int network_rule,
                              const pd_client_t *client, apr_pool_t *p)
{
    const char *host, *network;
    pd_guess_place(&host, &network, client->address, p);
    count_under(guess, host_rule, host);
    count_under(guess, network_rule, network);
}

int pd_guess_sign_in(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                     const char *lookup, apr_pool_t *p)
{
    begin(guess, portal);
    count_under_place(guess, HOST, NETWORK, client, p);
    count_under(guess, EVERYBODY, "");
    count_under(guess, NAME, lookup);
    return count(guess, sign_in_rules);
}

int pd_guess_known(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                   const char *person_id, apr_pool_t *p)
{
    begin(guess, portal);
    count_under(guess, BROWSER, apr_pstrcat(p, person_id, " ", client->browser, NULL));
    return count(guess, known_rules);
}

int pd_guess_code(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p)
{
    begin(guess, portal);
    count_under_place(guess, HOST, NETWORK, client, p);
    count_under(guess, EVERYBODY, "");
    return count(guess, code_rules);
}

/* By the rule of a browser, under a name that no browser has. Of a million codes five are right at
 * a time: at four tries an hour a guesser needs years. */
int pd_guess_factor(pd_guess_t *guess, const pd_portal_t *portal, const char *person_id,
                    apr_pool_t *p)
{
    begin(guess, portal);
    count_under(guess, BROWSER, apr_pstrcat(p, "factor ", person_id, NULL));
    return count(guess, known_rules);
}

int pd_guess_mail(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p)
{
    begin(guess, portal);
    count_under_place(guess, MAIL_HOST, MAIL_NETWORK, client, p);
    count_under(guess, MAIL_EVERYBODY, "");
    return count(guess, mail_rules);
}

int pd_guess_work(pd_guess_t *guess, const pd_portal_t *portal, const pd_client_t *client,
                  apr_pool_t *p)
{
    begin(guess, portal);
    count_under_place(guess, WORK_HOST, WORK_NETWORK, client, p);
    count_under(guess, WORK_EVERYBODY, "");
    return count(guess, work_rules);
}

int pd_guess_export(pd_guess_t *guess, const pd_portal_t *portal, const char *person_id)
{
    begin(guess, portal);
    count_under(guess, EXPORT, person_id);
    return count(guess, export_rules);
}

void pd_guess_right(const pd_guess_t *guess)
{
    for (const int *rule = guess->rules; guess->portal->limiter && *rule != NOTHING; rule++) {
        if (*rule == NAME || *rule == BROWSER)
            pd_limiter_forget(guess->portal->limiter, *rule, guess->hashes[*rule]);
        else
            pd_limiter_give_back(guess->portal->limiter, *rule, guess->hashes[*rule]);
    }
}

void pd_guess_untried(const pd_guess_t *guess)
{
    for (const int *rule = guess->rules; guess->portal->limiter && *rule != NOTHING; rule++)
        pd_limiter_give_back(guess->portal->limiter, *rule, guess->hashes[*rule]);
}
