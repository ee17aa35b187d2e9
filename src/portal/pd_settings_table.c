/* The one table of directives. A row's kind decides the C type of its member, and ROW compares the
 * two when it is compiled: a pointer compare inside sizeof, which costs nothing and which gcc and
 * clang refuse under -Werror when the types differ. */
#include "portal/pd_session_table.h"
#include "portal/pd_settings.h"

#include <stddef.h>
#include <strings.h>

#define SECOND ((apr_int64_t)1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define C_TEXT     const char *
#define C_FILE     const char *
#define C_URL_PATH const char *
#define C_BASE_URL const char *
#define C_RELAY    const char *
#define C_MAILBOX  const char *
#define C_ZONE     const char *
#define C_HOST     const char *
#define C_CLAUSES  const char *
#define C_NETWORK  const char *
#define C_CONTACT  const char *
#define C_DATABASE const char *
#define C_FLAG     apr_int64_t
#define C_NUMBER   apr_int64_t
#define C_BYTES    apr_int64_t
#define C_TIME     apr_int64_t
#define C_TERM     apr_int64_t
#define C_CHOICE   apr_int64_t

#define FITS(sort, structure, member) (0 * sizeof(&((structure *)0)->member == (C_##sort *)0))
#define ROW_IN(structure, row_scope, sort, directive, member, standard, least, most, choice, text) \
    {                                                                                              \
        .name = directive, .type = PD_TYPE_##sort, .scope = row_scope,                             \
        .offset = offsetof(structure, member) + FITS(sort, structure, member),                     \
        .fallback = standard, .min = least, .max = most, .words = choice, .help = text             \
    }
#define ROW(sort, directive, member, standard, text)                                               \
    ROW_IN(pd_settings_t, PD_SCOPE_SERVER, sort, directive, member, standard, 0, 0, NULL, text)
#define BOUNDED(sort, directive, member, standard, least, most, text)                              \
    ROW_IN(pd_settings_t, PD_SCOPE_SERVER, sort, directive, member, standard, least, most, NULL,   \
           text)
#define CHOICE(sort, directive, member, standard, choice, text)                                    \
    ROW_IN(pd_settings_t, PD_SCOPE_SERVER, sort, directive, member, standard, 0, 0, choice, text)
#define DIRECTORY(sort, directive, member, standard, text)                                         \
    ROW_IN(pd_dir_settings_t, PD_SCOPE_DIRECTORY, sort, directive, member, standard, 0, 0, NULL,   \
           text)

/* PD_TYPE_DATABASE fills the member named and the one behind it. */
_Static_assert(offsetof(pd_settings_t, database_params) ==
                   offsetof(pd_settings_t, database_driver) + sizeof(const char *),
               "driver and parameters stand together");

/* clang-format off */
const pd_directive_t pd_directives[] = {
    ROW(DATABASE, "PDPortalDatabase", database_driver, NULL,
        "The database: driver and parameters, for example `sqlite3 \"/var/lib/pdportal/portal.db\"` or "
        "`pgsql \"host=/run/postgresql dbname=portal\"`. Needed."),
    ROW(FILE, "PDPortalKeyFile", key_file, NULL,
        "The master key file, made by `pdportalctl init`; owned by root, mode 0600. Needed. Without "
        "it the database can't be read, so keep a copy in a safe place."),
    BOUNDED(URL_PATH, "PDPortalPath", path, "/portal", 1, 8,
        "Where the portal's pages live in the site."),
    ROW(BASE_URL, "PDPortalBaseURL", base_url, NULL,
        "Scheme and host under which visitors know the site; links in letters are made of it. Needed. "
        "http:// is accepted only for a trial on this machine, with PDPortalInsecureCookies On."),
    ROW(TEXT, "PDPortalSiteName", site_name, NULL,
        "What the pages and letters call the site. Without it: the host of PDPortalBaseURL."),
    ROW(TEXT, "PDPortalOperator", operator, NULL,
        "Name and postal address of the operator of personal data, as acts of destruction have to "
        "show them. Without it the printed act leaves a line for them."),
    BOUNDED(URL_PATH, "PDPortalSiteHome", site_home, "/", 0, 16,
        "Path of the site's front page; the portal's header leads there."),
    ROW(MAILBOX, "PDPortalMailFrom", mail_from, NULL,
        "The sender's address of every letter. Needed."),
    ROW(RELAY, "PDPortalMailRelay", mail_relay, NULL,
        "Where letters are handed over: `smtp://host[:port]`, `smtps://host[:port]`, or "
        "`maildir:/path` for a folder. Needed."),
    ROW(TEXT, "PDPortalMailUser", mail_user, NULL,
        "User name at the mail relay; goes with PDPortalMailPasswordFile. Without it: no "
        "authentication."),
    ROW(FILE, "PDPortalMailPasswordFile", mail_password_file, NULL,
        "A file whose first line is the password at the mail relay; nobody but its owner may read it."),
    CHOICE(CHOICE, "PDPortalMailTLS", mail_tls, "auto", "auto|require|off",
        "`require`: STARTTLS with a good certificate or no delivery. `auto`: the same, except that a "
        "relay on this machine without user and CA file may do without. `off`: never."),
    ROW(FILE, "PDPortalMailCAFile", mail_ca_file, NULL,
        "Certificates (PEM) that vouch for the relay's. Without it: those of the system."),
    ROW(FILE, "PDPortalTemplates", templates, NULL,
        "The site's own folder of templates; a file there stands before the one of the same name that "
        "came with the module."),
    ROW(FILE, "PDPortalShare", share, PD_SHAREDIR,
        "The folder of templates, catalogues and style that came with the module."),
    CHOICE(TEXT, "PDPortalLanguage", language, "ru", "ru|en",
        "The language for visitors whose browser asks for none that the portal has."),
    ROW(ZONE, "PDPortalTimeZone", time_zone, "Europe/Moscow",
        "The time zone in which dates are shown and deadlines counted."),
    ROW(CLAUSES, "PDPortalMaterialSections", material_sections, "3 4 5.2 6.2",
        "The sections of the policy that say which data is taken, what it is for and who gets it: numbers of "
        "clauses, parted by spaces, each with what is below it. A version that words them otherwise, or links "
        "elsewhere in them, is not published as editorial; nor is one that has a clause more or less anywhere, or "
        "another title or opening. A policy without any of them counts whole, as consents do."),
    ROW(HOST, "PDPortalHostName", host_name, NULL,
        "Names this host's chain in the journal: letters, digits, dot and hyphen. Hosts that share a "
        "database need different names. Without it: the system's host name."),
    ROW(FLAG, "PDPortalInsecureCookies", insecure_cookies, "Off",
        "On: cookies are issued over plain http too. Only for a trial on this machine."),
    BOUNDED(NUMBER, "PDPortalDatabaseConnections", database_connections, "8", 1, 1000,
        "Most database connections of one server process."),
    BOUNDED(TIME, "PDPortalDatabaseWait", database_wait, "2s", SECOND, MINUTE,
        "Longest wait for a connection or a lock; after it a visitor gets 503."),
    BOUNDED(NUMBER, "PDPortalPasswordMemory", password_memory, "65536", 19456,
        PD_PASSWORD_MEMORY_MAX_KIB,
        "Memory in KiB that one password check takes (Argon2id)."),
    BOUNDED(NUMBER, "PDPortalPasswordPasses", password_passes, "2", 1, PD_PASSWORD_PASSES_MAX,
        "Passes over that memory (Argon2id)."),
    BOUNDED(NUMBER, "PDPortalPasswordMin", password_min, "8", 8, 64,
        "Fewest characters of a password."),
    BOUNDED(NUMBER, "PDPortalHashingSlots", hashing_slots, "0", 0, 256,
        "How many passwords are checked at once on this host; 0: as many as it has processors."),
    BOUNDED(NUMBER, "PDPortalHashingQueue", hashing_queue, "64", 1, 4096,
        "How many wait for such a place; the next one gets 503."),
    BOUNDED(TIME, "PDPortalHashingWait", hashing_wait, "5s", SECOND, MINUTE,
        "Longest wait for such a place."),
    BOUNDED(TIME, "PDPortalSessionIdle", session_idle, "30min", MINUTE, 30 * DAY,
        "A session ends when it was not used for so long. Other hosts, and this one after a restart of the machine, learn of "
        "uses a tenth of it later, at most five minutes, and may end a session earlier by so much."),
    BOUNDED(TIME, "PDPortalSessionLifetime", session_lifetime, "12h", MINUTE, 365 * DAY,
        "A session ends so long after sign-in, used or not."),
    BOUNDED(BYTES, "PDPortalSessionCache", session_cache, "64M", PD_SESSION_TABLE_BYTES_MIN, (apr_int64_t)16 << 30,
        "Shared memory in which sessions are kept ready, so that an authorised page asks no database: "
        "about 640 bytes for each session. It is taken only as far as it is used; when it is full, the "
        "least used make room and are asked of the database again. 0: none; else at least 256K."),
    BOUNDED(TIME, "PDPortalSessionRecheck", session_recheck, "5s", 0, HOUR,
        "How long this host may not notice what another host has changed: sessions ended, people "
        "blocked, roles, documents. What happens on this host, pdportalctl included, is noticed at the "
        "next request; what is changed by hand in the tables may never be. 0: each request asks the "
        "database."),
    BOUNDED(TIME, "PDPortalConfirmationLifetime", confirmation_lifetime, "24h", 10 * MINUTE, 30 * DAY,
        "How long a new person has to confirm the mailbox; then the registration is removed."),
    BOUNDED(TIME, "PDPortalFormLifetime", form_lifetime, "2h", MINUTE, 7 * DAY,
        "How long a form may stay open before it must be sent again."),
    BOUNDED(NUMBER, "PDPortalLettersPerHour", letters_per_hour, "3", 1, 1000,
        "Most letters to one mailbox within an hour."),
    BOUNDED(TIME, "PDPortalMailInterval", mail_interval, "1s", SECOND, HOUR,
        "Time between two looks at the queue of letters."),
    BOUNDED(TIME, "PDPortalMailTimeout", mail_timeout, "30s", SECOND, 10 * MINUTE,
        "Longest time for handing over one letter."),
    BOUNDED(TIME, "PDPortalLetterLifetime", letter_lifetime, "3d", MINUTE, 30 * DAY,
        "A letter that could not be delivered for so long has failed."),
    BOUNDED(TERM, "PDPortalTermAccount", term_account, NULL, DAY, 18300 * DAY,
        "How long an account that nobody signs in to is kept. `pdportalctl check` warns of those that "
        "outlive it; closing them is a decision of the administration. Without it nothing is due, and "
        "`check` and the page `processing` say that no term is set."),
    BOUNDED(TERM, "PDPortalTermActs", term_acts, NULL, DAY, 18300 * DAY,
        "How long acknowledgements, consents and withdrawals are kept after a newer act of the same kind or the end "
        "of the account has ended them; then the job `expire` removes them. What stands stays. Likewise."),
    BOUNDED(TERM, "PDPortalTermJournal", term_journal, NULL, DAY, 18300 * DAY,
        "How long the rows of the journal are kept; then the job `expire` removes them, the first of each chain "
        "first, and keeps a proof of where it begins now. Not shorter than PDPortalTermAccount, where that is a time, "
        "nor than the three years for which acts of destruction are kept. Likewise."),
    BOUNDED(TERM, "PDPortalTermLetters", term_letters, "30d", DAY, 18300 * DAY,
        "How long a letter is kept after it was sent or has failed; then the job `expire` removes it."),
    BOUNDED(TERM, "PDPortalTermNotices", term_notices, "1 year", DAY, 18300 * DAY,
        "How long a message stays in `account/inbox`, read or not, unless its reader removes it; then the job "
        "`expire` does."),
    ROW(FLAG, "PDPortalStaffSecondFactor", staff_second_factor, "On",
        "On: whoever has a role sets up a second factor before the pages of the staff, and sections with "
        "Require pd-role, open."),
    BOUNDED(TERM, "PDPortalTermSignIns", term_sign_ins, "180d", DAY, 18300 * DAY,
        "How long a person's sign-ins and refused attempts are kept, for `account/history`; then the job "
        "`expire` removes them. A country nobody of the account has signed in from for so long is new again."),
    ROW(FILE, "PDPortalPlaceFile", place_file, NULL,
        "A file of countries and regions by network address (`.mmdb`: MaxMind GeoLite2, DB-IP, IPinfo and the "
        "like) that the server's user may read. With it people see from where they are signed in, and are told by "
        "a letter of a sign-in from a country that is new to them. The portal asks nobody else; it notices a "
        "replaced file by itself. Without it, or with one that can't be used, pages say nothing of places."),
    ROW(NETWORK, "PDPortalMetricsFrom", metrics_from, "127.0.0.1 ::1",
        "Who may read the metrics at PDPortalPath/metrics: addresses and networks, parted by spaces; "
        "`none`: nobody. For everybody else there is no such page. The address is the one that "
        "mod_remoteip finds, where it is loaded: behind a proxy on this machine every visitor comes "
        "from 127.0.0.1 without it."),
    ROW(CONTACT, "PDPortalSecurityContact", security_contact, NULL,
        "Where to write about a hole in the site's security: `mailto:` with an address, or an https URL. With "
        "it the site has /.well-known/security.txt (RFC 9116). Without it there is none of the portal's."),
    DIRECTORY(FLAG, "PDPortalIdentityHeaders", identity_headers, "Off",
        "On: the identity goes to an application behind a proxy as request headers too."),
    {.name = NULL}};
/* clang-format on */

const pd_directive_t *pd_directive_find(const char *name)
{
    for (const pd_directive_t *row = pd_directives; row->name; row++) {
        if (!strcasecmp(row->name, name)) {
            return row;
        }
    }
    return NULL;
}
