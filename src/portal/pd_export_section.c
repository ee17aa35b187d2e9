/* The sections of an export, in the order of the file. A new table with people's rows gets a row
 * here, words in export-title.html and, where it has columns of new names, in export-label.html; a
 * unit test compares with pd_fields. Closings have none: who closes an account can look at nothing
 * until it is recalled. Secrets are not read: of a password or a link the file says
 * that there is one. */
#include "portal/pd_export.h"
#include "portal/pd_export_int.h"
#include "portal/pd_tables_int.h"

enum {
    ACCOUNT,
    CREDENTIALS,
    ROLES,
    DRAFTS,
    REGISTRATION,
    EMAIL_ASKED,
    EMAIL_FORMER,
    FORMER_NAMES,
    SESSIONS,
    SIGN_INS,
    COUNTRIES,
    UNUSED,
    BROWSERS,
    LINKS,
    RECOVERY,
    LETTERS,
    NOTICES,
    NOTICES_OFF,
    ACTS,
    TEXTS,
    WITHDRAWALS,
    TOLD
};

#define PAGE 100

/* Of a person's rows those behind a key. */
#define BEHIND(key)    " AND " key " > %s ORDER BY " key " LIMIT %lld"
#define TEXT_NAME      "a.kind || '/' || CAST(a.version AS TEXT) || '/' || a.language"
#define OF_PERSON(key) " WHERE person_id = %s" BEHIND(key)

const pd_sql_t pd_export_sql[] = {
    [ACCOUNT] = {"export_account",
                 "SELECT p.id, p.login, p.email, p.language, p.state, p.policy_version,"
                 " p.created_at, p.confirmed_at, p.signed_in_at, p.reviewed_at, p.generation"
                 " FROM person p WHERE p.id = %s" BEHIND("p.id"),
                 "sssssiiiiii", "the person"},
    [CREDENTIALS] = {"export_credentials",
                     "SELECT kind, changed_at, expired_at, (SELECT COUNT(*) FROM factor_code f"
                     " WHERE f.person_id = c.person_id AND c.kind = 'totp')"
                     " FROM credential c" OF_PERSON("kind"),
                     "siii", "that there is a password, and when it was set"},
    [ROLES] = {"export_roles", "SELECT role, since, ABS(until) FROM role" OF_PERSON("role"), "sii",
               "appointments of the person"},
    [DRAFTS] = {"export_drafts",
                "SELECT CAST(number AS TEXT), kind, created_at, state,"
                " version FROM draft WHERE author = %s" BEHIND("CAST(number AS TEXT)"),
                "ssisi", "drafts of documents by the person"},
    [REGISTRATION] = {"export_registration",
                      "SELECT person_id, created_at, expires_at, confirmed_at, attempts, return_to,"
                      " acts FROM registration" OF_PERSON("person_id"),
                      "siiiiss", "the registration"},
    [EMAIL_ASKED] = {"export_email_asked",
                     "SELECT person_id, email, created_at, expires_at"
                     " FROM address_change" OF_PERSON("person_id"),
                     "ssii", "an address that waits for its code"},
    [EMAIL_FORMER] = {"export_email_former",
                      "SELECT token, email, created_at, expires_at"
                      " FROM former_address" OF_PERSON("token"),
                      "ssii", "addresses that can be brought back"},
    [FORMER_NAMES] = {"export_former_names",
                      "SELECT lookup, kind, reserved_until FROM identifier WHERE person_id = %s"
                      " AND reserved_until > 0" BEHIND("lookup"),
                      "ssi", "names given up that nobody else may take yet"},
    [SESSIONS] = {"export_sessions",
                  "SELECT id, created_at, authenticated_at, used_at, expires_at,"
                  " CASE WHEN mfa_at < 0 THEN 0 ELSE mfa_at END, origin"
                  " FROM session" OF_PERSON("id"),
                  "siiiiis", "sessions of the person"},
    [SIGN_INS] = {"export_sign_ins", "SELECT id, at, outcome, origin FROM sign_in" OF_PERSON("id"),
                  "siss", "attempts to sign in, oldest first"},
    [COUNTRIES] = {"export_countries",
                   "SELECT country, seen_at FROM sign_in_country" OF_PERSON("country"), "si",
                   "countries of sign-ins; only a keyed hash is kept of which"},
    [UNUSED] = {"export_unused",
                "SELECT person_id, told_at, close_at FROM unused_notice" OF_PERSON("person_id"),
                "sii", "that the account was found unused"},
    [BROWSERS] = {"export_browsers", "SELECT browser, seen_at FROM device" OF_PERSON("browser"),
                  "si", "browsers that are known"},
    [LINKS] = {"export_links",
               "SELECT token, purpose, created_at, expires_at, used_at FROM link" OF_PERSON(
                   "token"),
               "ssiii", "one-time links, without what opens them"},
    [RECOVERY] = {"export_recovery",
                  "SELECT id, created_at, expires_at, answered_at, used_at"
                  " FROM recovery" OF_PERSON("id"),
                  "siiii", "letters for a new password that were asked for"},
    /* Not what they say: a letter that waits holds a link or a code, which proves a mailbox to who
     * reads it there, and nowhere else. Nor those to an address that was asked for: there is none
     * where the address is somebody else's already. */
    [LETTERS] = {"export_letters",
                 "SELECT id, kind, recipient, language, state, outcome, attempts, created_at,"
                 " done_at FROM letter WHERE kind <> 'email-code' AND person_id = %s" BEHIND("id"),
                 "ssssssiii", "letters to the person"},
    [NOTICES] = {"export_notices",
                 "SELECT id, kind, content, letter, created_at, read_at"
                 " FROM notice" OF_PERSON("id"),
                 "ssssii", "messages on the portal"},
    [NOTICES_OFF] = {"export_notices_off", "SELECT kind FROM notice_off" OF_PERSON("kind"), "s",
                     "kinds of messages that the person does not want"},
    [ACTS] = {"export_acts",
              "SELECT id, verb, kind, version, language, wording, form, at, html_sha256, address,"
              " agent FROM act WHERE pseudonym = %s" BEHIND("id"),
              "sssisssisss", "what the person read and agreed to"},
    /* One at a time: of several acts about a text the first stands for all, since the next page
     * begins behind its key. */
    [TEXTS] = {"export_texts",
               "SELECT " TEXT_NAME ", a.kind, a.version, a.language, COALESCE(t.title, ''),"
               " COALESCE(t.markup, ''), COALESCE(t.source, ''), COALESCE(t.html, ''),"
               " COALESCE(t.html_sha256, ''), COALESCE(t.sum_covers, '') FROM act a"
               " LEFT JOIN document_text t ON t.kind = a.kind AND t.version = a.version"
               " AND t.language = a.language WHERE a.pseudonym = %s" BEHIND(TEXT_NAME),
               "ssisssssss", "each text that an act of the person is about, as it was shown"},
    [WITHDRAWALS] = {"export_withdrawals",
                     "SELECT act, kind, task, started_at, due_at, done_at, outcome"
                     " FROM withdrawal" OF_PERSON("act"),
                     "sssiiis", "what taking consents back has led to"},
    [TOLD] = {"export_told",
              "SELECT CAST(version AS TEXT), version, way, at FROM told" OF_PERSON(
                  "CAST(version AS TEXT)"),
              "sisi", "versions of the policy that were announced to the person"},
    {NULL, NULL, NULL, NULL}};

#define COLUMNS(...) ((const pd_export_column_t[]){__VA_ARGS__, {NULL, PD_EXPORT_KEY, NULL}})
#define TABLE(which) pd_export_read_table, &pd_export_sql[which]
#define KEY                                                                                        \
    {                                                                                              \
        "key", PD_EXPORT_KEY, NULL                                                                 \
    }
#define COLUMN(name, kind)                                                                         \
    {                                                                                              \
        name, PD_EXPORT_##kind, NULL                                                               \
    }
#define SEALED(name, place)                                                                        \
    {                                                                                              \
        name, PD_EXPORT_SEALED, place                                                              \
    }
#define SEALED_OBJECT(name, place)                                                                 \
    {                                                                                              \
        name, PD_EXPORT_SEALED_OBJECT, place                                                       \
    }
#define ORIGIN(place)                                                                              \
    {                                                                                              \
        "origin", PD_EXPORT_ORIGIN, place                                                          \
    }

const pd_export_section_t pd_export_sections[] = {
    {"account", "login email language registered", TABLE(ACCOUNT),
     COLUMNS(COLUMN("id", ID), SEALED("login", "person.login"), SEALED("email", "person.email"),
             COLUMN("language", WORD), COLUMN("state", WORD), COLUMN("policy_version", NUMBER),
             COLUMN("created_at", INSTANT), COLUMN("confirmed_at", INSTANT),
             COLUMN("signed_in_at", INSTANT), COLUMN("reviewed_at", INSTANT),
             COLUMN("generation", NUMBER)),
     0, 1},
    {"credentials", "password factor", TABLE(CREDENTIALS),
     COLUMNS(COLUMN("kind", WORD), COLUMN("changed_at", INSTANT), COLUMN("expired_at", INSTANT),
             COLUMN("spare_codes", NUMBER)),
     0, PAGE},
    {"roles", "roles", TABLE(ROLES),
     COLUMNS(COLUMN("role", ID), COLUMN("since", INSTANT), COLUMN("until", INSTANT)), 0, PAGE},
    {"drafts", "roles", TABLE(DRAFTS),
     COLUMNS(COLUMN("number", ID), COLUMN("kind", WORD), COLUMN("created_at", INSTANT),
             COLUMN("state", WORD), COLUMN("version", NUMBER)),
     0, PAGE},
    {"registration", "registration", TABLE(REGISTRATION),
     COLUMNS(KEY, COLUMN("created_at", INSTANT), COLUMN("expires_at", INSTANT),
             COLUMN("confirmed_at", INSTANT), COLUMN("attempts", NUMBER),
             SEALED("return_to", "registration.return_to"), SEALED("acts", "registration.acts")),
     0, 1},
    {"email_asked", "email_asked", TABLE(EMAIL_ASKED),
     COLUMNS(KEY, SEALED("email", "address_change.email"), COLUMN("created_at", INSTANT),
             COLUMN("expires_at", INSTANT)),
     0, 1},
    {"email_former", "email_former", TABLE(EMAIL_FORMER),
     COLUMNS(KEY, SEALED("email", "former_address.email"), COLUMN("created_at", INSTANT),
             COLUMN("expires_at", INSTANT)),
     0, PAGE},
    {"former_names", "former_names", TABLE(FORMER_NAMES),
     COLUMNS(KEY, COLUMN("kind", TEXT), COLUMN("until", INSTANT)), 0, PAGE},
    {"sessions", "sessions", TABLE(SESSIONS),
     COLUMNS(COLUMN("id", ID), COLUMN("created_at", INSTANT), COLUMN("authenticated_at", INSTANT),
             COLUMN("used_at", INSTANT), COLUMN("expires_at", INSTANT), COLUMN("mfa_at", INSTANT),
             ORIGIN("session.origin")),
     0, PAGE},
    {"sign_ins", "sign_ins", TABLE(SIGN_INS),
     COLUMNS(KEY, COLUMN("at", INSTANT), COLUMN("outcome", WORD), ORIGIN("sign_in.origin")), 0,
     PAGE},
    {"countries", "sign_ins", TABLE(COUNTRIES), COLUMNS(KEY, COLUMN("seen_at", INSTANT)), 0, PAGE},
    {"unused", "registered", TABLE(UNUSED),
     COLUMNS(KEY, COLUMN("told_at", INSTANT), COLUMN("close_at", INSTANT)), 0, 1},
    {"browsers", "browsers", TABLE(BROWSERS), COLUMNS(KEY, COLUMN("seen_at", INSTANT)), 0, PAGE},
    {"links", "links", TABLE(LINKS),
     COLUMNS(KEY, COLUMN("purpose", TEXT), COLUMN("created_at", INSTANT),
             COLUMN("expires_at", INSTANT), COLUMN("used_at", INSTANT)),
     0, PAGE},
    {"recovery", "recovery", TABLE(RECOVERY),
     COLUMNS(KEY, COLUMN("created_at", INSTANT), COLUMN("expires_at", INSTANT),
             COLUMN("answered_at", INSTANT), COLUMN("used_at", INSTANT)),
     0, PAGE},
    {"letters", "letters", TABLE(LETTERS),
     COLUMNS(COLUMN("id", ID), COLUMN("kind", TEXT), SEALED("recipient", "letter.recipient"),
             COLUMN("language", WORD), COLUMN("state", WORD), COLUMN("outcome", WORD),
             COLUMN("attempts", NUMBER), COLUMN("created_at", INSTANT), COLUMN("done_at", INSTANT)),
     0, 20},
    {"notices", "notices", TABLE(NOTICES),
     COLUMNS(COLUMN("id", ID), COLUMN("kind", TEXT), SEALED_OBJECT("content", "notice.content"),
             COLUMN("letter", TEXT), COLUMN("created_at", INSTANT), COLUMN("read_at", INSTANT)),
     0, 20},
    {"notices_off", "notices_off", TABLE(NOTICES_OFF), COLUMNS(COLUMN("kind", ID)), 0, PAGE},
    {"acts", "acts", TABLE(ACTS),
     COLUMNS(COLUMN("id", ID), COLUMN("verb", WORD), COLUMN("kind", WORD),
             COLUMN("version", NUMBER), COLUMN("language", WORD), COLUMN("wording", TEXT),
             COLUMN("form", TEXT), COLUMN("at", INSTANT), COLUMN("html_sha256", TEXT),
             SEALED("address", "act.address"), SEALED("agent", "act.agent")),
     1, PAGE},
    {"texts", "acts", TABLE(TEXTS),
     COLUMNS(KEY, COLUMN("kind", WORD), COLUMN("version", NUMBER), COLUMN("language", WORD),
             COLUMN("title", TEXT), COLUMN("markup", WORD), COLUMN("source", TEXT),
             COLUMN("html", MARKUP), COLUMN("html_sha256", TEXT), COLUMN("sum_covers", WORD)),
     1, 1},
    {"withdrawals", "acts", TABLE(WITHDRAWALS),
     COLUMNS(COLUMN("act", ID), COLUMN("kind", WORD), COLUMN("task", WORD),
             COLUMN("started_at", INSTANT), COLUMN("due_at", INSTANT), COLUMN("done_at", INSTANT),
             COLUMN("outcome", WORD)),
     0, PAGE},
    {"told", "acts", TABLE(TOLD),
     COLUMNS(KEY, COLUMN("version", NUMBER), COLUMN("way", WORD), COLUMN("at", INSTANT)), 0, PAGE},
    {"journal", "journal", pd_export_read_journal, NULL, NULL, 0, PAGE},
    {"looks", "journal", pd_export_read_looks, NULL, NULL, 0, PAGE},
    {.name = NULL}};
