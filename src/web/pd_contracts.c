/* The agreement between handlers and templates: file by file, which names a page provides. A
 * template that uses another name stops the start of the server, with file and line. */
#include "web/pd_contracts.h"
#include "web/pd_export_names_int.h"

const char *const pd_common_names[] = {
    "lang",                             /* "ru" */
    "other_lang",                       /* "en" */
    "other_lang_url",                   /* this page in the other language */
    "site_name", "site_home", "portal", /* path prefix: "/portal" */
    "style",                            /* URL of the stylesheet */
    "private",                          /* true on pages that must not be indexed */
    "me",                               /* login of the signed-in person, else absent */
    "logout_token",                     /* form token of the sign-out button */
    "editor",                           /* true for who may go to the pages about documents */
    "text_changed",                     /* true where a form is stale since its text has changed */
    "announced", "announced_on",        /* a version of the policy that is to come, and its date */
    /* dates are maps with these members; partial "date" shows them */
    "day", "year", "time", "iso", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "m10",
    "m11", "m12", NULL};

/* Mistakes: a list of maps, each with `field` and one true member named by its code; partial
 * "mistake" has the words. error_FIELD is the mistake of one field, a map like those of the list.
 * has_mistakes is true when the list is not empty (a section over the list would repeat itself). */
#define MISTAKES                                                                                   \
    "mistakes", "has_mistakes", "field", "login_missing", "login_short", "login_long",             \
        "login_characters", "login_mixed", "login_taken", "login_often", "login_same",             \
        "email_missing", "email_bad", "email_same", "email_taken", "password_same",                \
        "code_exhausted", "password_missing", "password_short", "password_long", "password_weak",  \
        "password_common", "password_personal", "password_characters", "policy_missing",           \
        "consent_missing", "consent_unticked", "name_missing", "recovery_exhausted",               \
        "code_missing", "proof_wrong", "proof_exhausted", "factor_wrong", "sign_in_refused",       \
        "password_min", "error_login", "error_email", "error_password", "error_policy",            \
        "error_consent_processing", "error_code"

/* Too many attempts, partial "limited": how long to wait, in seconds or, when long, in minutes. */
#define LIMITED "limited", "retry_after", "retry_minutes"

/* A difference of two versions: how many changed in which way, and each change, of which exactly
 * one of is_added ... is_moved_reworded is true. In `changes` and `renumbered` stand maps with the
 * members behind them, in `words` maps of which one of same, removed, added is not empty. Words are
 * is_whole when nothing in them stayed the same, else is_mixed. The partial "changes" shows it all,
 * and wants the names of diff.html for the two versions and their language, too. */
#define CHANGES                                                                                    \
    "counts", "n", "is_next", "is_different", "n_renumbered", "n_more", "changes", "renumbered",   \
        "is_added", "is_removed", "is_moved", "is_reworded", "is_moved_reworded", "is_title",      \
        "is_opening", "id", "number", "old_number", /* "": it has the same */                      \
        "old_url", "new_url", "text", "is_cut", "words", "is_whole", "is_mixed", "same",           \
        "removed", "added", "is_late", "n_relinked"
/* A purpose with its clause, partial "purpose". */
#define PURPOSE "clause", "p411", "p412", "p413", "p414", "p415", "p416", "p417", "p418"

/* An act, partial "act". */
#define ACT "acknowledged", "consented", "withdrew", "title", "version", "text_url", "at"

/* Stored fields: partials "field" (its name), "term" (how long it is kept). */
#define FIELDS                                                                                     \
    "fields", "field_login", "field_email", "field_password", "field_language",                    \
        "field_registered", "field_roles", "field_email_asked", "field_email_former",              \
        "field_former_names", "field_registration", "field_sessions", "field_sign_ins",            \
        "field_browsers", "field_links", "field_factor", "field_recovery", "field_letters",        \
        "field_notices", "field_notices_off", "field_acts", "field_destruction", "field_journal",  \
        "given", "purposes", PURPOSE, "without_limit", "undecided", "term_years", "term_days",     \
        "term_hours", "term_minutes", "since_made", "since_sent", "since_sign_in", "removed"

/* How long a field is kept, partial "term", of one that the portal writes and removes by itself. */
#define TERM                                                                                       \
    "without_limit", "undecided", "term_years", "term_days", "term_hours", "term_minutes",         \
        "since_made", "since_sent", "since_sign_in", "removed"

/* From where and with what somebody signs in, partial "origin"; each may be "". `places` is true
 * where the site knows places at all. */
#define ORIGIN "browser", "system", "network", "country", "region", "places"

static const char *const home_names[] = {NULL};
static const char *const register_names[] = {MISTAKES,          LIMITED,           "csrf",
                                             "stale",           "closed",          "return_to",
                                             "login_value",     "email_value",     "policy_checked",
                                             "policy_wording",  "consent_wording", "policy_version",
                                             "consent_version", "shown",           NULL};
static const char *const confirm_names[] = {
    MISTAKES,      LIMITED,       "csrf", "stale",          "none",   "waiting",     "ready",
    "needs_proof", "needs_login", "done", "resend_allowed", "resent", "login_value", NULL};
static const char *const reset_names[] = {
    MISTAKES,    LIMITED, "csrf",        "stale",   "ready",
    "used",      "none",  "login_value", "expired", /* it has to be replaced */
    "restored",                                     /* a former address was brought back */
    "disowned",                                     /* somebody else had signed in */
    "by_link",                                      /* neither */
    "return_to", NULL};
static const char *const restore_names[] = {
    LIMITED,       "csrf",    "stale", "ready", "used", "none", "taken", /* by another account */
    "email_value", "closing", NULL};
static const char *const change_login_names[] = {MISTAKES,      LIMITED,         "csrf", "stale",
                                                 "login_value", "reserved_days", NULL};
static const char *const change_password_names[] = {MISTAKES, LIMITED,       "csrf",
                                                    "stale",  "login_value", NULL};
static const char *const change_email_names[] = {
    MISTAKES,       LIMITED,  "csrf",    "stale",
    "person_email", "wanted", "waiting", "gone", /* nothing waits for a code */
    "email_value",  NULL};
static const char *const recover_names[] = {MISTAKES,  LIMITED,       "csrf", "stale",
                                            "waiting", "login_value", NULL};
static const char *const second_factor_names[] = {MISTAKES, LIMITED,     "csrf",
                                                  "stale",  "return_to", NULL};
static const char *const factor_names[] = {
    MISTAKES,     LIMITED,  "csrf", "stale",   "return_to", "on", "off",
    "codes_left", "secret", "uri",  "qr_path", "qr_side", /* shown until confirmed */
    "has_codes",  "codes",  "code",                       /* shown once */
    NULL};
static const char *const close_names[] = {"csrf", "stale", "due", "appointed", NULL};
static const char *const closed_names[] = {NULL};
static const char *const recall_names[] = {"csrf", "stale", "due", "ready", "none", NULL};
static const char *const blocked_names[] = {MISTAKES,    LIMITED,    "csrf", "stale",
                                            "due",       "ready",    "none", "needs_code",
                                            "appointed", "in_doubt", NULL};
static const char *const recalled_names[] = {NULL};
/* Why data were destroyed, partial "ground": one of them is true. */
#define GROUND "by_request", "by_order", "by_unused", "by_withdrawal", "by_restored"
static const char *const destructions_names[] = {"acts",      GROUND,     "number",    "url",
                                                 "destroyed", "is_older", "older_url", NULL};
/* Where data stood, partial "category": likewise, by the tables of pd_destruction_places. */
#define CATEGORY                                                                                   \
    "in_recovery", "in_identifier", "in_credential", "in_factor_code", "in_registration",          \
        "in_address_change", "in_former_address", "in_session", "in_device", "in_sign_in",         \
        "in_sign_in_country", "in_link", "in_letter", "in_withdrawal", "in_told", "in_notice",     \
        "in_notice_off", "in_role", "in_unused_notice", "in_closing", "in_act", "in_person"
static const char *const destruction_names[] = {
    GROUND,   CATEGORY, "number", "person", "operator", "system",         "note",
    "by_job", "zone",   "asked",  "wiped",  "kept",     "destroyed",      "categories",
    "rows",   "events", "host",   "event",  "at",       "log_is_servers", NULL};
static const char *const login_names[] = {
    MISTAKES,      LIMITED,      "csrf",      "stale",        "return_to",
    "login_value", "signed_out", "confirmed", "password_set", /* what has happened */
    "needed", /* the visitor asked for a page that needs sign-in */
    "again",  /* signed in, but too long ago for the page asked for */
    NULL};
static const char *const sessions_names[] = {
    ORIGIN,     "csrf", "stale",   "ended", "others_ended", /* what has just been done */
    "sessions", "id",   "is_this",                          /* the one that shows the page */
    "begun",    "used", "others",  "zone",                  /* there is another one */
    NULL};
static const char *const history_names[] = {
    ORIGIN,
    TERM,
    "kept", /* a map with the term */
    "attempts",
    "has_attempts",
    "at",
    "signed_in",
    "wrong_password",
    "pending",
    "wrong_code",
    "waits", /* likewise wrong, and others had to wait after it */
    "closed",
    "more", /* others of the day are not listed */
    "older_url",
    "is_older", /* not the first page */
    "zone",
    NULL};
static const char *const export_names[] = {LIMITED,     "csrf",      "stale",
                                           "ready",                          /* links were made */
                                           "html_link", "json_link", "gone", /* one did not work */
                                           NULL};

/* The file: its head, a page of a section, or its end. */
static const char *const export_file_names[] =
    {
        "is_head",    "is_foot", "url",      "zone",  "person_login",  "made",
        "begins",     "ends",    "is_empty", "rows",  "cells",         "text",
        "long_text",  "word",    "is_known", /* there are words for it */
        "instant",    "object",  "name",     "value", EXPORT_SECTIONS, EXPORT_LABELS,
        EXPORT_WORDS, NULL};

/* The kind of a notice: one is true; partials "notice-kind", "notice-subject", "notice-text". */
#define NOTICE_KIND                                                                                \
    "kind_new_place", "kind_password", "kind_password_changed", "kind_password_expired",           \
        "kind_login_changed", "kind_email_changed", "kind_email_restored", "kind_second_factor",   \
        "kind_consent_withdrawn", "kind_review", "kind_message", "kind_news", "kind_survey",       \
        "kind_other"

/* What its words are made with; each may be absent. */
#define NOTICE                                                                                     \
    NOTICE_KIND, "id", "at", "is_unread", "travel", "country", "region", "browser", "system",      \
        "turned_on", "turned_off", "renewed", "code_used", "was_reset", "title", "subject",        \
        "paragraphs", "words", "language" /* of these two */

static const char *const inbox_names[] = {
    NOTICE,    TERM,          "kept",                          /* a map with the term */
    "csrf",    "stale",       "marked",    "deleted",          /* what has just been done */
    "notices", "has_notices", "older_url", "is_older", "zone", /* not the first page */
    "newest", /* of the unread ones, where all can be marked */
    NULL};
static const char *const notice_names[] = {NOTICE, "csrf", "stale", "none", "zone", NULL};
static const char *const notices_names[] = {
    NOTICE_KIND, "csrf",       "stale", "saved",     "agreed",
    "offered", /* the consent stands; there is a text of it */
    "optional",  "obligatory", "box",   "is_wanted", NULL};
static const char *const unsubscribe_names[] = {LIMITED, "token", "done", NULL};
static const char *const not_me_names[] = {
    "csrf", "stale", "ready", "used", "none", "by_account", /* of who is signed in, without link */
    NULL};
static const char *const acknowledge_names[] = {
    MISTAKES,
    "csrf",
    "stale",
    "return_to",
    "policy_wording",
    "version",
    "shown",
    "effective",
    "first", /* no version was acknowledged before */
    CHANGES,
    "doc_lang",     /* of the texts compared */
    "last_version", /* acknowledged by this person */
    "difference",   /* its URL; absent: the texts can't be compared */
    NULL};
static const char *const coming_names[] = {
    "csrf",    "stale",     "return_to",       "policy_wording",
    "version", "effective", "may_acknowledge", /* nothing else has to be read first */
    "shown",   NULL};

/* Why a version can't be published, partial "refusal": a map with one true member, the language
 * of the text that it is about, and what the checker says. */
#define REFUSAL                                                                                    \
    "refusal", "r_kind", "r_reason", "r_empty", "r_language", "r_twice", "r_text", "r_past",       \
        "r_earlier", "r_clock", "r_same", "r_dropped", "r_first", "r_material", "r_clauses",       \
        "r_rewritten", "r_opening", "r_no_reason", "r_language_less", "r_language_more", "r_time", \
        "r_time_twice", "r_time_never", "in_ru", "in_en", "detail"

static const char *const documents_names[] = {
    "published",  "withdrawn", /* what has just happened */
    "drafts",     "number",       "url",      "kind",          "author",
    "created",    "is_editorial", "own", /* the visitor's */
    "kinds",      "doc_title",    "versions", "version",       "effective",
    "is_current", "is_upcoming",  "is_past",  "administrator", NULL};
static const char *const draft_new_names[] = {
    REFUSAL,        "csrf",         "stale",    "kind_value", "effective_value",
    "reason_value", "is_editorial", "is_plain", "drops",      "zone",
    "texts", /* maps: language, is_ru or is_en, text */
    "language",     "is_ru",        "is_en",    "text",       NULL};
static const char *const draft_names[] = {
    REFUSAL,
    CHANGES,
    "has_coming",       /* a version is announced that the draft would follow: */
    "coming",           /* a map: version */
    "in_force",         /* likewise */
    "against_in_force", /* the changes are against that one */
    "shown_language",
    "is_comparable", /* the text that is shown, with that of this version */
    "is_identical",
    "older", /* map: version */
    "version",
    "newer", /* absent: it has no number yet */
    "doc_lang",
    "other_language",
    "csrf",
    "stale",
    "number",
    "kind",
    "author",
    "created",
    "effective",
    "at_once",
    "is_open",
    "is_published",
    "is_withdrawn",
    "is_editorial",
    "reason_value",
    "dropped", /* maps: is_ru or is_en: languages of the last version that it has no text in */
    "may_publish",
    "own",
    "gone",          /* nothing was done: a second person is needed; not open */
    "overtaken",     /* nor was it: another version was published since */
    "compared_with", /* the version that this page compares with, 0: there is none */
    "is_first",      /* there is none */
    "decided_by",
    "decided",
    "url",
    "texts",
    "language",
    "is_ru",
    "is_en",
    "doc_title",
    "body",
    "sha256",
    "changed",
    "is_new",
    NULL};
static const char *const draft_raw[] = {"body", NULL};
static const char *const people_names[] = {
    "csrf",        "stale",         "kind",      "doc_title", "version",      "published",
    "effective",   "editorial",     "is_policy", "has_diff", /* from the version before */
    "is_current",  "is_upcoming",   "is_past",   "url",       "acknowledged", "consented",
    "withdrew",    "administrator", "names", /* the list is shown */
    "people",      "person_login",  "none",      "at",        "after",        "which_all",
    "which_acted", "which_not",     NULL};
static const char *const account_names[] = {"person_login",
                                            "unread",
                                            "many_unread",
                                            "person_email",
                                            "registered",
                                            "acts",
                                            ACT,
                                            FIELDS,
                                            "speaks_ru",
                                            "speaks_en",
                                            "roles",
                                            "places",
                                            "login_changed",
                                            "email_changed",
                                            "password_changed", /* just now */
                                            NULL};
static const char *const processing_names[] = {
    "processings", FIELDS,     "by_registration", "by_consent", "by_security", "consent",
    "optional",                                                 /* kinds of documents, or "" */
    "to_none",     "to_relay", "to_site",         "to_partner", /* who gets the data */
    "has_fields",  "pages",    "has_pages",       "letters",    "has_letters", "jobs",
    "has_jobs",    "name",     "base_url",        NULL};
static const char *const leave_names[] = {"foreign",  "own", /* neither: an address that is none */
                                          "url",      "shown", /* the host in its own letters */
                                          "host", /* and as A-labels, when that differs */
                                          "port", /* absent: that of the scheme */
                                          "insecure", NULL};
/* How the person stands to one consent. Truths are always set; dates and what is of a text given
 * only where there is one. `due` is when all would be done after a withdrawal now. */
#define CONSENT                                                                                    \
    "kind", "title", "url", "withdraw_url", "is_processing", "stands", "outgrown", "open",         \
        "never", "withdrawn", "has_due", "version", "text_url", "given_at", "withdrawn_at",        \
        "due_at", "due", "appointed", "withdraw_wording", "csrf", "stale", "is_notices"
static const char *const consents_names[] = {CONSENT, ACT,       "consents", "history",
                                             "zone",  "sha256",  "wording",  "number",
                                             "form",  "address", "agent",    NULL};
static const char *const consent_names[] = {
    CONSENT, MISTAKES,  LIMITED,     "no_ground", /* authorised sections are closed without it */
    "asked",                                      /* the text in force, and the box: */
    "box",   "body",    "doc_lang",  "doc_version", "effective",
    "shown", "wording", "return_to", NULL};
static const char *const consent_raw[] = {"body", NULL};
static const char *const withdraw_names[] = {CONSENT, NULL};
static const char *const document_names[] = {
    "is_policy",
    "doc_title",
    "body",
    "version",
    "published",
    "effective",
    "editorial",
    "sha256",
    "covers_title", /* the sum does */
    "is_current",
    "is_upcoming",
    "is_past",
    "upcoming",
    "current_url",
    "permalink",
    "home",           /* "/portal/policy": the version in force; with ".atom" the news */
    "doc_lang",       /* language of the text: "ru" */
    "other_language", /* the text is not to be had in the page's language */
    "versions", /* maps: version, url, difference, effective, and is_current, is_upcoming, is_first
                   set to true or false, since an absent member would be looked up in the page
                   around */
    "shown",    /* the one of them that the page shows */
    "url",
    "difference",
    "is_first",
    "is_markdown", /* its source */
    "address",     /* whole URL, for paper */
    "absent",
    NULL};
static const char *const diff_names[] = {
    CHANGES,
    LIMITED,
    "is_unreadable",
    "doc_title",
    "title_lang",
    "doc_lang",
    "other_language",
    "version", /* of the path */
    "url",     /* of its text */
    "address",
    "older", /* maps: version, url, published, effective, is_upcoming; absent: there is none */
    "newer",
    "published",
    "effective",
    "is_upcoming",
    "is_comparable", /* false: no language has both */
    "is_identical",
    "editorial",
    "others", /* to compare with instead: version, url */
    NULL};
static const char *const feed_names[] = {
    "base",                    /* "https://www.example.org" */
    "home",                    /* "/portal/policy" */
    "is_policy", "feed_title", /* of the newest version */
    "updated",                 /* a date */
    "entries",                 /* maps: version, url, difference, published, effective, and: */
    "version",   "url",        "difference", "published", "effective",
    "doc_title", "editorial",  "is_first",   NULL};
static const char *const document_raw[] = {"body", NULL};
static const char *const cookies_names[] = {
    "cookies", /* maps: name, is_session or is_form, purpose, till_closed, term_days,
                  device_days */
    "name",        "is_session", "is_form",     "purpose",    PURPOSE,
    "till_closed", "term_days",  "device_days", "attributes", "session_hours", /* may be absent */
    "needed",              /* the page comes instead of a form that can't work without cookies */
    "refused",     "lost", /* the form came without its cookie; the session's cookie did not come
                              back */
    "again",               /* URL of that form */
    NULL};
static const char *const error_names[] = {"e400", "e403",        "e404",      "e405",
                                          "e413", "e415",        "e429",      "e500",
                                          "e503", "retry_after", "reference", NULL};
static const char *const unsent_names[] = {"lacks_factor", "lacks_policy",
                                           "lacks_ground", /* none: nobody is signed in */
                                           "way",          /* where it is mended */
                                           NULL};
static const char *const denied_names[] = {"asked",     "lacks_role",  "lacks_consent",
                                           "lacks_mfa", "lacks_fresh", /* what Require wanted */
                                           NULL};
static const char *const wording_names[] = {"version", "title", NULL};

const pd_contract_t pd_page_contracts[] = {
    {"home.html", home_names, NULL},
    {"register.html", register_names, NULL},
    {"confirm.html", confirm_names, NULL},
    {"reset.html", reset_names, NULL},
    {"restore.html", restore_names, NULL},
    {"change-login.html", change_login_names, NULL},
    {"change-email.html", change_email_names, NULL},
    {"change-password.html", change_password_names, NULL},
    {"recover.html", recover_names, NULL},
    {"login.html", login_names, NULL},
    {"second-factor.html", second_factor_names, NULL},
    {"factor.html", factor_names, NULL},
    {"close.html", close_names, NULL},
    {"closed.html", closed_names, NULL},
    {"recall.html", recall_names, NULL},
    {"recalled.html", recalled_names, NULL},
    {"blocked.html", blocked_names, NULL},
    {"acknowledge.html", acknowledge_names, NULL},
    {"account.html", account_names, NULL},
    {"sessions.html", sessions_names, NULL},
    {"history.html", history_names, NULL},
    {"export.html", export_names, NULL},
    {"export-file.html", export_file_names, NULL},
    {"not-me.html", not_me_names, NULL},
    {"inbox.html", inbox_names, NULL},
    {"notice.html", notice_names, NULL},
    {"notices.html", notices_names, NULL},
    {"unsubscribe.html", unsubscribe_names, NULL},
    {"consents.html", consents_names, NULL},
    {"consent.html", consent_names, consent_raw},
    {"withdraw.html", withdraw_names, NULL},
    {"coming.html", coming_names, NULL},
    {"staff-documents.html", documents_names, NULL},
    {"staff-draft-new.html", draft_new_names, NULL},
    {"staff-draft.html", draft_names, draft_raw},
    {"staff-people.html", people_names, NULL},
    {"staff-destructions.html", destructions_names, NULL},
    {"staff-destruction.html", destruction_names, NULL},
    {"document.html", document_names, document_raw},
    {"diff.html", diff_names, NULL},
    {"feed.html", feed_names, NULL}, /* Atom */
    {"cookies.html", cookies_names, NULL},
    {"processing.html", processing_names, NULL},
    {"leave.html", leave_names, NULL},
    {"error.html", error_names, NULL},
    {"denied.html", denied_names, NULL},
    {"unsent.html", unsent_names, NULL},
    {"wording-policy.txt", wording_names, NULL},     /* text of the box "policy" */
    {"wording-processing.txt", wording_names, NULL}, /* text of the box "consent_processing" */
    {"wording-consent.txt", wording_names, NULL},    /* text of the box of any other consent */
    {"wording-withdraw.txt", wording_names, NULL},   /* text of the button that takes one back */
    {NULL, NULL, NULL}};
