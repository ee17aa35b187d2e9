/* The table, and the ways to write one of its values. */
#include "portal/pd_metric.h"
#include <apr_strings.h>
#include "base/pd_zone.h"

static int counted(apr_int64_t *value, const pd_state_t *state, int which)
{
    *value = (apr_int64_t)state->count[which];
    return 1;
}

static int figure(apr_int64_t *value, const pd_state_t *state, int which)
{
    *value = state->figure[which];
    return which == PD_FIGURE_PEOPLE ? state->people_known : state->known;
}

/* How long ago; an instant of 0 is none, and no age. */
static int since(apr_int64_t *value, const pd_state_t *state, int which)
{
    apr_int64_t instant = state->figure[which];
    *value = instant > 0 && instant < state->now ? state->now - instant : 0;
    return state->known;
}

static int up(apr_int64_t *value, const pd_state_t *state, int which)
{
    (void)which;
    *value = state->up;
    return 1;
}

static int age(apr_int64_t *value, const pd_state_t *state, int which)
{
    (void)which;
    *value = state->age;
    return state->known;
}

#define COUNTER(section, label, key, name, count, help)                                            \
    {                                                                                              \
        section, label, key, name, PD_METRIC_COUNTER, PD_UNIT_NUMBER, help, counted, count         \
    }
#define GAUGE(section, label, key, name, unit, value, which, help)                                 \
    {                                                                                              \
        section, label, key, name, PD_METRIC_GAUGE, PD_UNIT_##unit, help, value, which             \
    }
#define SESSIONS "Sessions"
#define PEOPLE   "People"
#define LETTERS  "Letters"
#define DATABASE "Database and policy"

const pd_metric_t pd_metrics[] = {
    GAUGE(SESSIONS, "Alive", "Sessions", "pdportal_sessions", NUMBER, figure, PD_FIGURE_SESSIONS,
          "Sessions that were used within PDPortalSessionIdle."),
    COUNTER(SESSIONS, "Begun", "SessionsBegun", "pdportal_sessions_begun_total",
            PD_COUNT_SESSION_BEGUN, "Sessions begun by signing in."),
    COUNTER(SESSIONS, "Ended", "SessionsEnded", "pdportal_sessions_ended_total",
            PD_COUNT_SESSION_ENDED,
            "Sessions ended before their time was over, but for those that pdportalctl ended."),
    COUNTER(SESSIONS, "Found in memory", "SessionsHit", "pdportal_session_hits_total",
            PD_COUNT_SESSION_HIT, "Requests whose session was found in shared memory."),
    COUNTER(SESSIONS, "Asked of the database", "SessionsMissed", "pdportal_session_misses_total",
            PD_COUNT_SESSION_MISS, "Requests whose session was asked of the database."),
    COUNTER(SESSIONS, "Made room in memory", "SessionsEvicted", "pdportal_sessions_evicted_total",
            PD_COUNT_SESSION_EVICTED, "Sessions that made room for another in shared memory."),

    GAUGE(
        PEOPLE, "Active", "People", "pdportal_people", NUMBER, figure, PD_FIGURE_PEOPLE,
        "People who are confirmed and neither blocked nor closing; counted less often where there "
        "are many."),
    COUNTER(PEOPLE, "Registrations begun", "RegistrationsBegun",
            "pdportal_registrations_begun_total", PD_COUNT_REGISTRATION_BEGUN,
            "Registration forms that were taken."),
    COUNTER(PEOPLE, "Registrations confirmed", "RegistrationsConfirmed",
            "pdportal_registrations_confirmed_total", PD_COUNT_REGISTRATION_CONFIRMED,
            "Registrations whose mailbox was confirmed."),
    COUNTER(PEOPLE, "Sign-ins refused", "SignInsRefused", "pdportal_sign_ins_refused_total",
            PD_COUNT_SIGN_IN_REFUSED,
            "Sign-ins refused: wrong password, unknown, not confirmed or blocked."),
    COUNTER(PEOPLE, "Uses of data refused", "UsesRefused", "pdportal_uses_refused_total",
            PD_COUNT_USE_REFUSED,
            "Uses of somebody's data that were refused for want of a lawful purpose or consent."),
    COUNTER(PEOPLE, "Answered 429", "RequestsLimited", "pdportal_requests_limited_total",
            PD_COUNT_LIMITED, "Requests answered 429 before any work."),
    COUNTER(PEOPLE, "No place to hash", "HashingBusy", "pdportal_hashing_busy_total",
            PD_COUNT_HASHING_BUSY,
            "Passwords that were not checked, since all places for hashing were taken."),

    GAUGE(LETTERS, "Waiting", "LettersWaiting", "pdportal_letters_waiting", NUMBER, figure,
          PD_FIGURE_LETTERS_WAITING, "Letters that wait for delivery."),
    GAUGE(LETTERS, "Oldest waits for (seconds)", "LetterOldestSeconds",
          "pdportal_letter_oldest_age_seconds", SECONDS, since, PD_FIGURE_LETTER_OLDEST,
          "How long the oldest letter has been waiting; 0 when none waits."),
    GAUGE(LETTERS, "Given up, still kept", "LettersGivenUp", "pdportal_letters_given_up", NUMBER,
          figure, PD_FIGURE_LETTERS_FAILED,
          "Letters that failed for good and are not yet removed."),
    COUNTER(LETTERS, "Sent", "LettersSent", "pdportal_letters_sent_total", PD_COUNT_LETTER_SENT,
            "Letters that the mail relay accepted."),
    COUNTER(LETTERS, "Tries to be repeated", "LettersDelayed", "pdportal_letters_delayed_total",
            PD_COUNT_LETTER_DELAYED, "Tries to deliver a letter that will be repeated."),
    COUNTER(LETTERS, "Failed", "LettersFailed", "pdportal_letters_failed_total",
            PD_COUNT_LETTER_FAILED, "Letters that failed for good."),

    GAUGE(DATABASE, "Database up", "DatabaseUp", "pdportal_database_up", TRUTH, up, 0,
          "Whether the database answered when it was last looked at."),
    GAUGE(DATABASE, "Age of these figures (seconds)", "FiguresAgeSeconds",
          "pdportal_figures_age_seconds", SECONDS, age, 0,
          "How long ago the gauges that come from the database were read."),
    COUNTER(DATABASE, "Answered 503", "Unavailable", "pdportal_unavailable_total",
            PD_COUNT_UNAVAILABLE,
            "Requests answered 503, since what they needed was away or busy."),
    GAUGE(DATABASE, "Policy in force", "PolicyVersion", "pdportal_policy_version", NUMBER, figure,
          PD_FIGURE_POLICY, "Version of the policy in force; 0 when there is none."),
    GAUGE(DATABASE, "Next policy takes force", "PolicyNext",
          "pdportal_policy_next_timestamp_seconds", INSTANT, figure, PD_FIGURE_POLICY_NEXT,
          "When the next version of the policy takes force; 0 when none is announced."),
    GAUGE(DATABASE, "Next withdrawal is due", "WithdrawalNext",
          "pdportal_withdrawal_next_timestamp_seconds", INSTANT, figure, PD_FIGURE_WITHDRAWAL_NEXT,
          "When the first of the open withdrawals of consent is due, or was; 0 when none is open."),
    GAUGE(DATABASE, "Withdrawals overdue", "WithdrawalsOverdue", "pdportal_withdrawals_overdue",
          NUMBER, figure, PD_FIGURE_WITHDRAWALS_OVERDUE,
          "Withdrawals of consent whose term is over and that are not done."),
    {.name = NULL}};

static const char *seconds(apr_int64_t microseconds, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT ".%03d", microseconds / 1000000,
                        (int)(microseconds % 1000000 / 1000));
}

const char *pd_metric_number(const pd_metric_t *row, const pd_state_t *state, apr_pool_t *p)
{
    apr_int64_t value;
    if (!row->value(&value, state, row->which)) {
        return NULL;
    }
    return row->unit == PD_UNIT_SECONDS || row->unit == PD_UNIT_INSTANT
               ? seconds(value, p)
               : apr_psprintf(p, "%" APR_INT64_T_FMT, value);
}

const char *pd_metric_words(const pd_metric_t *row, const pd_state_t *state, apr_pool_t *p)
{
    apr_int64_t value;
    if (!row->value(&value, state, row->which)) {
        return NULL;
    }
    switch (row->unit) {
    case PD_UNIT_TRUTH:
        return value ? "yes" : "no";
    case PD_UNIT_INSTANT:
        return value ? pd_time_rfc3339(value, p) : "none";
    default:
        return pd_metric_number(row, state, p);
    }
}

void pd_metric_expose(pd_buf_t *out, const pd_state_t *state, apr_pool_t *p)
{
    for (const pd_metric_t *row = pd_metrics; row->name != NULL; row++) {
        const char *number = pd_metric_number(row, state, p);
        pd_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                      row->type == PD_METRIC_COUNTER ? "counter" : "gauge");
        if (number != NULL) {
            pd_buf_printf(out, "%s %s\n", row->name, number);
        }
    }
}
