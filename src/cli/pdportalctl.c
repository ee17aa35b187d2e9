/* pdportalctl: parses the line, finds the command, brings about what it needs, runs it, prints the
 * answer. */
#include "cli/ctl.h"

#include "base/pd_bytes.h"
#include "base/pd_status.h"

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define OPERANDS_MAX 64

static const apr_getopt_option_t option_table[] = {{"state", CTL_STATE, 1, NULL},
                                                   {"config", CTL_CONFIG, 1, NULL},
                                                   {"owner", CTL_OWNER, 1, NULL},
                                                   {"lang", CTL_LANG, 1, NULL},
                                                   {"kind", CTL_KIND, 1, NULL},
                                                   {"effective", CTL_EFFECTIVE, 1, NULL},
                                                   {"editorial", CTL_EDITORIAL, 1, NULL},
                                                   {"head", CTL_HEAD, 1, NULL},
                                                   {"role", CTL_ROLE, 1, NULL},
                                                   {"link", CTL_LINK, 0, NULL},
                                                   {"all", CTL_ALL, 0, NULL},
                                                   {"version", CTL_VERSION, 1, NULL},
                                                   {"csv", CTL_CSV, 0, NULL},
                                                   {"confirm", CTL_CONFIRM, 1, NULL},
                                                   {"drop-language", CTL_DROP, 0, NULL},
                                                   {"file", CTL_FILE, 1, NULL},
                                                   {"reason", CTL_REASON, 1, NULL},
                                                   {"month", CTL_MONTH, 1, NULL},
                                                   {"as", CTL_AS, 1, NULL},
                                                   {"draft", CTL_DRAFT, 0, NULL},
                                                   {"against", CTL_AGAINST, 1, NULL},
                                                   {"to", CTL_TO, 1, NULL},
                                                   {"force", CTL_FORCE, 0, NULL},
                                                   {"keys", CTL_KEYS, 1, NULL},
                                                   {"without-acts", CTL_WITHOUT_ACTS, 0, NULL},
                                                   {"restored", CTL_RESTORED, 0, NULL},
                                                   {"json", CTL_JSON, 0, NULL},
                                                   {"help", CTL_HELP, 0, NULL},
                                                   {NULL, 0, 0, NULL}};

void ctl_say(ctl_t *ctl, const char *format, ...)
{
    va_list arguments;
    if (ctl->given & CTL_JSON) {
        return;
    }
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

int ctl_fail(ctl_t *ctl, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(ctl->p, format, arguments);
    va_end(arguments);
    fprintf(stderr, "pdportalctl: %s\n", text);
    ctl_answer_text(ctl, "error", text);
    return code;
}

int ctl_fail_status(ctl_t *ctl, apr_status_t status, const char *what, const char *why)
{
    char buffer[200];
    return ctl_fail(ctl, CTL_FAILED, "%s: %s", what,
                    why ? why : pd_status_text(status, buffer, sizeof buffer));
}

void ctl_answer_text(ctl_t *ctl, const char *name, const char *text)
{
    json_object_set_new(ctl->answer, name, json_string(text));
}

void ctl_answer_number(ctl_t *ctl, const char *name, apr_int64_t number)
{
    json_object_set_new(ctl->answer, name, json_integer(number));
}

static void take_option(ctl_t *ctl, int bit, const char *value)
{
    const struct {
        int bit;
        const char **member;
    } members[] = {{CTL_STATE, &ctl->state},         {CTL_CONFIG, &ctl->config},
                   {CTL_OWNER, &ctl->owner},         {CTL_KIND, &ctl->kind},
                   {CTL_EFFECTIVE, &ctl->effective}, {CTL_EDITORIAL, &ctl->editorial},
                   {CTL_ROLE, &ctl->role},           {CTL_VERSION, &ctl->version},
                   {CTL_FILE, &ctl->file},           {CTL_REASON, &ctl->reason},
                   {CTL_MONTH, &ctl->month},         {CTL_AS, &ctl->as},
                   {CTL_CONFIRM, &ctl->confirm},     {CTL_TO, &ctl->to},
                   {CTL_KEYS, &ctl->keys_file},      {CTL_AGAINST, &ctl->against}};
    ctl->twice |= ctl->given & bit & ~(CTL_LANG | CTL_HEAD);
    ctl->given |= bit;
    if (bit & (CTL_LANG | CTL_HEAD)) {
        APR_ARRAY_PUSH(bit == CTL_LANG ? ctl->langs : ctl->heads, const char *) = value;
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (members[i].bit == bit) {
            *members[i].member = value;
        }
    }
}

static int usage(ctl_t *ctl, const char *problem, const char *what)
{
    return ctl_fail(ctl, CTL_USAGE, "%s%s; \"pdportalctl%s%s --help\" tells how", problem, what,
                    ctl->command ? " " : "", ctl->command ? ctl->command->name : "");
}

/* Options may stand anywhere; what is left are the command's words and its operands. */
static int parse_line(ctl_t *ctl, int argc, const char *const *argv)
{
    apr_getopt_t *line;
    const char *value;
    int bit;
    apr_status_t rv = apr_getopt_init(&line, ctl->p, argc, argv);
    if (rv) {
        return CTL_USAGE;
    }
    line->interleave = 1;
    while ((rv = apr_getopt_long(line, option_table, &bit, &value)) == APR_SUCCESS) {
        take_option(ctl, bit, value);
    }
    if (rv != APR_EOF) {
        return usage(ctl, "that can't be understood", ""); /* apr_getopt has said why */
    }
    for (int i = line->ind; i < argc && ctl->operands->nelts < OPERANDS_MAX; i++) {
        APR_ARRAY_PUSH(ctl->operands, const char *) = line->argv[i];
    }
    return CTL_OK;
}

static int is_named(const ctl_command_t *command, const char *first, const char *second)
{
    apr_size_t length = strcspn(command->name, " ");
    if (strlen(first) != length || strncmp(command->name, first, length)) {
        return 0;
    }
    const char *rest = command->name + length;
    return !*rest || (second && !strcmp(rest + 1, second));
}

/* Finds the command and takes its words off the operands. */
static const ctl_command_t *find_command(ctl_t *ctl)
{
    const char **words = (const char **)(void *)ctl->operands->elts;
    int n = ctl->operands->nelts;
    for (const ctl_command_t *command = ctl_commands; n && command->name; command++) {
        if (is_named(command, words[0], n > 1 ? words[1] : NULL)) {
            int taken = strchr(command->name, ' ') ? 2 : 1;
            memmove(words, words + taken, (apr_size_t)(n - taken) * sizeof *words);
            ctl->operands->nelts = n - taken;
            return command;
        }
    }
    return NULL;
}

/* Is it the first word of commands of two, and nothing behind it? */
static int is_half_a_command(const ctl_t *ctl)
{
    const char *word = APR_ARRAY_IDX(ctl->operands, 0, const char *);
    apr_size_t length = strlen(word);
    int found = 0;
    for (const ctl_command_t *command = ctl_commands; command->name; command++) {
        found |= strncmp(command->name, word, length) == 0 && command->name[length] == ' ';
    }
    return found && ctl->operands->nelts == 1;
}

static int no_command(ctl_t *ctl)
{
    if (ctl->operands->nelts == 0) {
        return usage(ctl, "the command is missing", "");
    }
    return usage(ctl,
                 is_half_a_command(ctl) ? "a second word must follow " : "there is no command ",
                 APR_ARRAY_IDX(ctl->operands, 0, const char *));
}

/* It goes into the journal and into acts, which are UTF-8. */
static int is_written(const char *words)
{
    return !words || pd_utf8_valid(words, strlen(words));
}

static int check_line(ctl_t *ctl)
{
    int strange = ctl->given & ~ctl->command->options;
    for (const apr_getopt_option_t *option = option_table; option->name; option++) {
        if (strange & option->optch) {
            return usage(ctl, "this command has no option --", option->name);
        }
        if (ctl->twice & option->optch) {
            return usage(ctl, "an option may be given only once: --", option->name);
        }
    }
    if (ctl->operands->nelts > ctl->command->operands_max) {
        return usage(ctl, "there are too many words: ",
                     APR_ARRAY_IDX(ctl->operands, ctl->command->operands_max, const char *));
    }
    if ((ctl->command->options & CTL_STATE) && !ctl->state == !ctl->config) {
        return usage(ctl, "give either --state DIR or --config FILE", "");
    }
    if (!is_written(ctl->reason) || !is_written(ctl->editorial)) {
        return usage(ctl, "the reason is no UTF-8", "");
    }
    return CTL_OK;
}

static int run(ctl_t *ctl, int argc, const char *const *argv)
{
    int code = parse_line(ctl, argc, argv);
    if (code) {
        return code;
    }
    ctl->command = find_command(ctl);
    if (!ctl->command && (ctl->given & CTL_HELP) &&
        (ctl->operands->nelts == 0 || is_half_a_command(ctl))) {
        ctl_help_all();
        return CTL_OK;
    }
    if (!ctl->command) {
        return no_command(ctl);
    }
    if (ctl->given & CTL_HELP) {
        ctl_help_one(ctl->command);
        return CTL_OK;
    }
    code = check_line(ctl);
    if (!code && ctl->command->before) {
        code = ctl->command->before(ctl);
    }
    if (!code) {
        code = ctl_prepare(ctl);
    }
    return code ? code : ctl->command->run(ctl);
}

static void print_answer(const ctl_t *ctl)
{
    char *text = json_dumps(ctl->answer, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    puts(text ? text : "{}");
    free(text);
}

/* Nothing of a portal may lie about: no core files, no files that others read. */
static void shut_windows(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    umask(077);
}

int main(int argc, const char *const *argv, const char *const *env)
{
    ctl_t ctl = {.command = NULL};
    if (apr_app_initialize(&argc, &argv, &env)) {
        return CTL_FAILED;
    }
    shut_windows();
    apr_pool_create(&ctl.p, NULL);
    ctl.langs = apr_array_make(ctl.p, 2, sizeof(const char *));
    ctl.heads = apr_array_make(ctl.p, 2, sizeof(const char *));
    ctl.operands = apr_array_make(ctl.p, 4, sizeof(const char *));
    ctl.answer = json_object();
    int code = run(&ctl, argc, argv);
    if ((ctl.given & CTL_JSON) && !(ctl.given & CTL_HELP)) {
        print_answer(&ctl);
    }
    json_decref(ctl.answer);
    apr_terminate();
    return fflush(stdout) ? CTL_FAILED : code;
}
