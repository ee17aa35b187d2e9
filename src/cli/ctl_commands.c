/* The tree of commands, and the manual made of it. */
#include "cli/ctl.h"

#include <stdio.h>
#include <string.h>

const ctl_command_t ctl_commands[] = {
    {"init", CTL_NEEDS_SETTINGS, CTL_PORTAL, 0, "[--owner USER]", "make a new portal's state",
     "Makes what is missing and leaves alone what is there: the state folder (mode 0700), the "
     "master\n"
     "key file (mode 0600) and its folder, the database with its schema, and the bond between the\n"
     "two. Safe to repeat. Run as root it gives the database's folder to --owner (default: who "
     "owns the\n"
     "database, else www-data) and works on the database as that user; the key file stays root's. "
     "A\n"
     "folder that was there before and holds files is given away only when --owner is typed.\n",
     ctl_init_before, ctl_init},
    {"migrate", CTL_NEEDS_SETTINGS, CTL_PORTAL, 0, "", "bring the database up to date",
     "Runs the migrations that the database lacks, each in a transaction. Safe to interrupt and "
     "to\n"
     "repeat. httpd refuses to serve a database whose schema is older or newer than its module.\n",
     NULL, ctl_migrate},
    {"policy publish", CTL_NEEDS_PORTAL,
     CTL_PORTAL | CTL_LANG | CTL_KIND | CTL_EFFECTIVE | CTL_EDITORIAL | CTL_DROP | CTL_DRAFT |
         CTL_AS,
     8,
     "FILE --lang LANG [FILE --lang LANG]... [--kind KIND] [--effective TIME] [--editorial REASON] "
     "[--drop-language] [--draft --as LOGIN]",
     "publish a new version of a document",
     "Publishes the texts as one new version. The first FILE is in the first LANG, and so on. A "
     "name\n"
     "that ends in .md is Markdown, any other numbered plain text; the first line is the title. A\n"
     "published version is never changed. A text that reads just like the last version is "
     "refused.\n"
     "\n"
     "  --kind KIND         policy (default); any other is a consent: processing, on which "
     "accounts\n"
     "                      stand, or one of your own, in small letters, digits and hyphens\n"
     "  --effective TIME    when it takes force: 2026-12-01, \"2026-12-01 09:30\" in the portal's "
     "time\n"
     "                      zone, or with an offset; default: at once\n"
     "  --editorial REASON  the version changes no meaning; REASON says what it mends. Refused "
     "when "
     "a\n"
     "                      clause of PDPortalMaterialSections, or any word of a consent, is "
     "another\n"
     "  --drop-language     the version may lack a language that the last one has\n"
     "  --draft --as LOGIN  publish nothing yet: keep it as a draft of this editor, as the "
     "portal's "
     "page\n"
     "                      does. See \"drafts publish\"\n",
     ctl_policy_read, ctl_policy_publish},
    {"policy list", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_KIND | CTL_LANG, 0,
     "[--kind KIND] [--lang LANG]", "list the versions of a document",
     "Newest first: number, when it takes force, title, and the SHA-256 of the text as readers see "
     "it.\n"
     "An asterisk marks the version in force.\n",
     NULL, ctl_policy_list},
    {"policy report", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_KIND | CTL_VERSION | CTL_CSV, 0,
     "--version N [--kind KIND] [--csv]", "list who has agreed to a version, and who has not",
     "Prints each person who is active or blocked with the last act on the version: acknowledged, "
     "consented,\n"
     "withdrew, or none. That somebody looked is written into the journal first.\n"
     "\n"
     "  --version N         the version's number\n"
     "  --kind KIND         policy (default) or a consent\n"
     "  --csv               as a table for spreadsheet programs, row by row\n",
     NULL, ctl_policy_report},
    {"drafts list", CTL_NEEDS_PORTAL, CTL_PORTAL, 0, "", "list the drafts that wait",
     "Prints the versions that somebody made and nobody has published or withdrawn, oldest "
     "first.\n",
     NULL, ctl_drafts_list},
    {"drafts show", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "NUMBER", "show a draft",
     "Prints the draft's texts, and which clauses differ from the last version's, with the number "
     "of\n"
     "that version. With --json also the HTML, as readers would see it.\n",
     NULL, ctl_drafts_show},
    {"drafts publish", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_AS | CTL_AGAINST, 1,
     "NUMBER --against VERSION --as LOGIN", "publish a draft",
     "Publishes the draft as it was made. A material version needs another person than who made "
     "it.\n"
     "\n"
     "  --against VERSION   the version that \"drafts show\" compared it with (0: there was none). "
     "If\n"
     "                      another has been published since, nothing is: show the draft again\n"
     "  --as LOGIN          who publishes it: holds the role editor or administrator\n",
     NULL, ctl_drafts_publish},
    {"drafts withdraw", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_AS, 1, "NUMBER --as LOGIN",
     "take a draft back",
     "Takes the draft back; its number and texts are kept.\n"
     "\n"
     "  --as LOGIN          who takes it back: holds the role editor or administrator\n",
     NULL, ctl_drafts_withdraw},
    {"report uses", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_MONTH | CTL_CSV, 0,
     "[--month YYYY-MM] [--csv]", "count a month's uses of data by purpose",
     "Prints for each purpose of the policy what was done for it and how often, and which uses "
     "were\n"
     "refused and why, as the journal has it. It names nobody.\n"
     "\n"
     "  --month YYYY-MM     in the portal's time zone; default: the last month that is over\n"
     "  --csv               as a table for spreadsheet programs\n",
     NULL, ctl_report_uses},
    {"staff add", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_ROLE | CTL_LANG | CTL_LINK, 2,
     "LOGIN EMAIL --role ROLE [--lang LANG] [--link]", "appoint somebody, new or registered",
     "Makes a person with this login and e-mail address and the role, and prints a link by which "
     "the\n"
     "person sets a password: it works once, for 24 hours. Hand it over on a way that nobody else "
     "reads.\n"
     "Where both names already belong to one registered person, the role is all that is added.\n"
     "\n"
     "  --role ROLE         2 to 32 small letters, digits and hyphens: administrator, editor, "
     "doctor\n"
     "  --lang LANG         in which the person is written to: ru or en; default: "
     "PDPortalLanguage\n"
     "  --link              print a link also for a person who has a password; an unused older "
     "one\n"
     "                      is void then\n",
     NULL, ctl_staff_add},
    {"staff remove", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_ROLE, 1, "LOGIN --role ROLE",
     "end an appointment",
     "Takes the role from the person, with effect on the very next request. The account stays.\n"
     "\n"
     "  --role ROLE         the role to take\n",
     NULL, ctl_staff_remove},
    {"staff list", CTL_NEEDS_PORTAL, CTL_PORTAL, 0, "", "list who has which role",
     "Prints each role in force: login, role, since when, appointed by whom.\n", NULL,
     ctl_staff_list},
    {"sessions list", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "LOGIN", "list where somebody is signed in",
     "Prints the sessions of the person with this login or e-mail address, last used first. The "
     "look "
     "stands in\n"
     "the person's journal.\n",
     NULL, ctl_sessions_list},
    {"sessions end", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_ALL | CTL_FILE, CTL_NAMES_MAX,
     "--all|--file LIST|LOGIN|SESSION-ID...", "sign somebody out, or everybody",
     "Ends sessions, each by its number; all of the people with these logins or e-mail addresses; "
     "or\n"
     "everybody's. A name that is nobody's doesn't hold up the others, and is told. The very\n"
     "next request obeys in every process of this host; httpd on other hosts with the same "
     "database\n"
     "follows within PDPortalSessionRecheck.\n"
     "\n"
     "  --all               everybody's\n"
     "  --file LIST         a file with one name on each line\n",
     ctl_names_read, ctl_sessions_end},
    {"passwords expire", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_ALL | CTL_FILE | CTL_REASON,
     CTL_NAMES_MAX, "--all|--file LIST|LOGIN... --reason TEXT",
     "have passwords replaced that may be known",
     "Ends all sessions of these people, with effect on the very next request, as \"sessions end\" "
     "does.\n"
     "Their next sign-in with the right password opens nothing but the page where another one is "
     "set. Each\n"
     "gets a letter. Names are logins, e-mail addresses or the numbers of people; one that is "
     "nobody's\n"
     "doesn't hold up the others, and is told. Whose password has to be replaced already gets no "
     "second\n"
     "letter, so the command may be given again.\n"
     "\n"
     "  --all               everybody's\n"
     "  --file LIST         a file with one name on each line\n"
     "  --reason TEXT       why; kept in the journal of each person\n",
     ctl_names_read, ctl_passwords_expire},
    {"second-factor reset", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_REASON, 1, "LOGIN --reason TEXT",
     "take off the second factor of a lost telephone",
     "Takes the second step of sign-in off the person with this login or e-mail address, ends all "
     "of\n"
     "the person's sessions, and writes a letter. Make sure first who asks.\n"
     "\n"
     "  --reason TEXT       why; it stands in the journal\n",
     NULL, ctl_factor_reset},
    {"consents withdraw", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_REASON, 2, "LOGIN KIND --reason TEXT",
     "take a consent back for somebody",
     "For a person who asks for it on paper, or who can't sign in: takes back the consent of this "
     "kind\n"
     "(\"processing\", \"research\") of the person with this login or e-mail address. It does what "
     "the\n"
     "person's own withdrawal does: effect on the very next request, a letter, 30 days for the "
     "rest.\n"
     "What stands withdrawn already stays as it is.\n"
     "\n"
     "  --reason TEXT       by what it is proved, as \"letter no. 12 of 3 March\": at most 500 "
     "bytes; "
     "kept\n"
     "                      in the journal of the person\n",
     NULL, ctl_consents_withdraw},
    {"consents find", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "EMAIL|NUMBER",
     "find what somebody agreed to, after the account",
     "Prints the acts of destroyed accounts whose last e-mail address was EMAIL; or all acts of "
     "whoever\n"
     "has the receipt of this NUMBER, destroyed or not: which text and version, its SHA-256, in "
     "which\n"
     "words, when, on which form. The ledger names nobody; that somebody looked is written into "
     "the\n"
     "journal first, without the address. Who shows the letter with a receipt shows its number.\n",
     NULL, ctl_consents_find},
    {"withdrawals list", CTL_NEEDS_PORTAL, CTL_PORTAL, 0, "",
     "list what withdrawn consents ask for",
     "Prints the withdrawals whose rest is still to be done, soonest due first: number, by when, "
     "what\n"
     "(destroy what was kept for the consent alone, or close the account), the consent, whose. The "
     "law\n"
     "gives 30 days; a consent that is given again leaves the list.\n",
     NULL, ctl_withdrawals_list},
    {"withdrawals done", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "NUMBER", "note that it was done",
     "Notes, in the journal too, that what the withdrawal of this number asked for has been "
     "done.\n"
     "One that closes the account is none of these: the portal destroys the data by itself.\n",
     NULL, ctl_withdrawals_done},
    {"people find", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "LOGIN|EMAIL", "tell how an account stands",
     "Prints the id of the person, the state of the account and the login. The look stands in the "
     "person's\n"
     "journal.\n",
     NULL, ctl_people_find},
    {"people block", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_REASON, 1, "LOGIN|EMAIL --reason TEXT",
     "block a person's data",
     "Where the data have to be checked, or nothing may be done with them for another reason. The "
     "person is\n"
     "signed out everywhere, with effect on the very next request, can't sign in, and gets a "
     "letter. Nothing\n"
     "is removed, and what the law demands goes on. TEXT stands in the journal, which the person "
     "can read;\n"
     "the letter doesn't say it.\n"
     "\n"
     "  --reason TEXT       why\n",
     NULL, ctl_people_block},
    {"people unblock", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_REASON, 1, "LOGIN|EMAIL --reason TEXT",
     "end the block of a person's data",
     "Everything is as it was before the block, but for the sessions. The person gets a letter.\n"
     "\n"
     "  --reason TEXT       why\n",
     NULL, ctl_people_unblock},
    {"people close", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_REASON, 1,
     "LOGIN|EMAIL --reason request|order", "close an account",
     "For who can't sign in, or where the administration has to. The person is signed out "
     "everywhere and\n"
     "gets a letter; for 14 days the closing can be recalled, then the job \"destroy\" destroys "
     "the data.\n",
     NULL, ctl_people_close},
    {"people destroy", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_REASON | CTL_CONFIRM, 1,
     "LOGIN|EMAIL --reason TEXT [--confirm ID]", "destroy a person's data now",
     "For legal orders, and where the law gives no time. Without --confirm it tells whom it would "
     "hit and\n"
     "destroys nothing. TEXT goes into the act of destruction; write no name into it.\n",
     NULL, ctl_people_destroy},
    {"destructions list", CTL_NEEDS_PORTAL, CTL_PORTAL, 0, "", "list the acts of destruction",
     "Prints the acts, oldest first: number, instant, person, reason.\n", NULL,
     ctl_destructions_list},
    {"destructions show", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "NUMBER", "print an act of destruction",
     "Prints the act with the extract of the event log, as the law wants them kept for three "
     "years.\n",
     NULL, ctl_destructions_show},
    {"destructions save", CTL_NEEDS_PORTAL, CTL_PORTAL, 1, "FILE",
     "list who was destroyed, outside the database",
     "Adds to FILE whoever was destroyed since; what it holds stays. Keep it with the backups, and "
     "write it\n"
     "more often than them: by it a restored database learns of later destructions. It holds "
     "random\n"
     "numbers and instants, no names.\n",
     NULL, ctl_destructions_save},
    {"destructions repeat", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_RESTORED, 1, "FILE [--restored]",
     "destroy again who was destroyed after a backup",
     "After an older database was put back, before anybody uses it: destroys whoever is in FILE "
     "and still in\n"
     "the database, with an act for each. \"restore\" does it by itself. Safe to repeat.\n"
     "\n"
     "  --restored          pg_restore has put the database back: also end all sessions, links and "
     "codes,\n"
     "                      which may have been used since, and give 14 days to whoever is being "
     "closed\n",
     NULL, ctl_destructions_repeat},
    {"backup", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_KEYS, 1, "FILE [--keys KEYFILE]",
     "copy a SQLite database, its keys apart",
     "Writes FILE, a copy of the database without people's data keys; FILE.keys, these keys, "
     "wrapped by the\n"
     "master key; and FILE.destroyed, to which is added who was destroyed. Each file is replaced "
     "when the\n"
     "new one is whole. httpd goes on meanwhile. The folder has to be writable by the database's "
     "owner. Keep\n"
     "only the newest keys: without the key of a person, destroyed since, an older copy doesn't "
     "open for\n"
     "that person any more. The master key file is not in it. For PostgreSQL: pg_dump.\n"
     "\n"
     "  --keys KEYFILE      where the keys go; one file for all copies, where each has a name of "
     "its own\n",
     NULL, ctl_backup},
    {"restore", CTL_NEEDS_SETTINGS,
     CTL_PORTAL | CTL_KEYS | CTL_FORCE | CTL_CONFIRM | CTL_WITHOUT_ACTS, 1,
     "FILE [--keys KEYFILE] [--force] [--without-acts] [--confirm NUMBER]",
     "put a backup in the place of the database",
     "Refused while httpd runs. Checks the copy and its journal, brings its schema up to date, "
     "puts the keys\n"
     "back, destroys again whoever was destroyed since (by FILE.destroyed, by the database that is "
     "replaced,\n"
     "and because the newest keys lack theirs), ends all sessions and links, and only then puts it "
     "in place.\n"
     "\n"
     "  --keys KEYFILE      the newest keys; default: FILE.keys\n"
     "  --force             there is a database: put it aside as DATABASE-before-INSTANT\n"
     "  --without-acts      go on though nobody knows who was destroyed since: the database that "
     "is replaced\n"
     "                      can't be read, or there is none and no FILE.destroyed\n"
     "  --confirm NUMBER    so many people have no key, and no list or act names them: destroy "
     "them. Is it\n"
     "                      more than you know of, the keys are those of another line of copies\n",
     NULL, ctl_restore},
    {"notices send", CTL_NEEDS_LETTERS, CTL_PORTAL | CTL_KIND | CTL_FILE | CTL_LANG | CTL_TO, 0,
     "--kind KIND --file TEXT [--lang LANG] [--to LOGIN]", "write messages into inboxes",
     "Writes a message into the inbox of everybody who agreed to messages of this kind (the "
     "consent\n"
     "\"notices\") and has not turned it off, or of one person. A letter goes too that says no "
     "more "
     "than\n"
     "that there is a new message; one stands for all that come until they are read, or for a "
     "week.\n"
     "The file is plain text: the subject, an empty line, the words, with empty lines between\n"
     "paragraphs. People are written to fifty at a time. What an interrupted run leaves is done "
     "by\n"
     "httpd's job \"notices\", or by the same command; nobody gets the text twice.\n"
     "\n"
     "  --kind KIND         news or survey, to those who agreed; message, to one person\n"
     "  --file TEXT         the file with the text, at most 32 KiB\n"
     "  --lang LANG         its language: ru or en; default: PDPortalLanguage\n"
     "  --to LOGIN          only to the person with this login or e-mail address\n",
     ctl_notices_read, ctl_notices_send},
    {"notices list", CTL_NEEDS_PORTAL, CTL_PORTAL, 0, "", "list mailings",
     "Prints the last fifty mailings, newest first: number, when begun, kind, how many have it, "
     "and\n"
     "whether it is done, goes on or was stopped.\n",
     NULL, ctl_notices_list},
    {"notices stop", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_REASON, 1, "MAILING --reason TEXT",
     "stop a mailing",
     "For a text that should not have gone out: nobody else gets it, from the next batch on, "
     "whoever is at\n"
     "work. Who has it already keeps it.\n"
     "\n"
     "  --reason TEXT       why; it stands in the journal\n",
     NULL, ctl_notices_stop},
    {"jobs run", CTL_NEEDS_LETTERS, CTL_PORTAL, 1, "[NAME]", "do now what waits",
     "Runs the job NAME, or all: \"coming\" writes letters about an announced policy, "
     "\"notices\"\n"
     "goes on with \"notices send\", \"mail\" delivers letters that are due, \"expire\" removes "
     "what is over,\n"
     "\"unused\" warns of accounts that nobody uses and closes them, \"destroy\" destroys the data "
     "of closed\n"
     "accounts.\n"
     "httpd does the same by itself; both may run at once.\n",
     NULL, ctl_jobs_run},
    {"check", CTL_NEEDS_NOTHING, CTL_PORTAL, 0, "", "look whether all is well",
     "Checks configuration, file owners, key file and its folder, room on the disk, database, "
     "schema,\n"
     "the bond of database and key, the documents in force in each language, sessions, the feed "
     "of\n"
     "changes that processes hear of, the queue of letters, the journal, and what withdrawn "
     "consents ask\n"
     "for. Changes nothing. Exit code 2 when anything is unsound or overdue; what is due within 5 "
     "days is\n"
     "named. Notices of terms (PDPortalTerm...) don't count: one that is not set, one without "
     "limit, data\n"
     "that have outlived theirs.\n",
     NULL, ctl_check},
    {"verify-journal", CTL_NEEDS_PORTAL, CTL_PORTAL | CTL_HEAD, 0,
     "[--head \"HOST SEQUENCE CHAIN\"]...", "prove that the journal is whole",
     "Reads every chain and names the first row that was changed, removed, inserted or reordered "
     "(exit\n"
     "code 2). Prints the heads: keep them elsewhere, and a later run with --head, once for "
     "each,\n"
     "shows whether the journal still holds what it held then. Where the row of a head is gone, "
     "its term\n"
     "being over, it says so (exit code 2): keep a newer head.\n",
     NULL, ctl_verify_journal},
    {"purposes", CTL_NEEDS_SETTINGS, CTL_PORTAL, 0, "", "print the register of processings",
     "Prints for each purpose of the policy its ground, the data used for it, who gets them, and "
     "the\n"
     "letters, jobs and commands that name it; then for each stored field its source, its term and "
     "what\n"
     "removes it. The portal's page \"processing\" shows the same in words, with the pages.\n",
     NULL, ctl_purposes},
    {"directives", CTL_NEEDS_NOTHING, CTL_COMMON, 0, "", "print the manual of all directives",
     "Prints docs/directives.md, made from the table that the module itself uses.\n", NULL,
     ctl_directives},
    {.name = NULL}};

static const struct {
    int bit;
    const char *text;
} common[] = {
    {CTL_STATE,
     "  --state DIR         a state folder: settings from DIR/pdportal.conf, or, without that\n"
     "                      file, a trial portal within DIR\n"},
    {CTL_CONFIG,
     "  --config FILE       httpd's configuration, or another file with PDPortal directives;\n"
     "                      what it includes is not read\n"},
    {CTL_OWNER,
     "  --owner USER        run as root: whose database it is; default: the owner of the state\n"},
    {CTL_JSON, "  --json              answer in JSON\n"},
    {CTL_HELP, "  --help              this page\n"},
};

void ctl_help_one(const ctl_command_t *command)
{
    printf("NAME\n  pdportalctl %s - %s\n\nSYNOPSIS\n  pdportalctl %s", command->name,
           command->purpose, command->name);
    if (command->options & CTL_STATE) {
        printf(" --state DIR|--config FILE");
    }
    printf("%s%s [--json]\n\nDESCRIPTION\n", *command->synopsis ? " " : "", command->synopsis);
    for (const char *at = command->help; *at;) {
        int length = (int)strcspn(at, "\n");
        printf("%s%.*s\n", length && *at != ' ' ? "  " : "", length, at);
        at += length + (at[length] == '\n');
    }
    printf("\nOPTIONS\n");
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (command->options & common[i].bit) {
            fputs(common[i].text, stdout);
        }
    }
    printf("\nEXIT CODES\n  0 done, 1 failed, 2 found unsound or overdue, 64 wrong usage\n");
}

void ctl_help_all(void)
{
    printf("NAME\n  pdportalctl - companion of mod_pdportal, a personal-data portal in Apache "
           "httpd\n\n"
           "SYNOPSIS\n  pdportalctl COMMAND --state DIR|--config FILE [--json] ...\n\nCOMMANDS\n");
    for (const ctl_command_t *command = ctl_commands; command->name; command++) {
        printf("  %-16s  %s\n", command->name, command->purpose);
    }
    printf("\n\"pdportalctl COMMAND --help\" tells more.\n"
           "\nEXIT CODES\n  0 done, 1 failed, 2 found unsound or overdue, 64 wrong usage\n");
}
