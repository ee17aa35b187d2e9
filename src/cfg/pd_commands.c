/* Tells httpd about the directives. httpd wants an array before any hook runs, and the table lives
 * in the core, which knows no httpd types: the array is filled when the shared object is loaded. */
#include "cfg/pd_config.h"
#include <apr_strings.h>
#include <stdlib.h>

#define COMMANDS_MAX 96

command_rec pd_config_commands[COMMANDS_MAX + 1];

/* Where the first directive of this server stands, for complaints about the whole. */
static void remember_place(cmd_parms *cmd, pd_server_config_t *config)
{
    if (config->where == NULL) {
        config->where =
            apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename, cmd->directive->line_num);
    }
}

static const char *set(cmd_parms *cmd, void *directory, const char *value, const char *second)
{
    const pd_directive_t *row = cmd->info;
    if (row->type == PD_TYPE_FILE) {
        value = ap_server_root_relative(cmd->pool, value);
        if (value == NULL) {
            return apr_psprintf(cmd->pool, "%s: this is no path", row->name);
        }
    }
    if (row->type == PD_TYPE_DATABASE && strcmp(value, "sqlite3") == 0) {
        second = ap_server_root_relative(cmd->pool, second);
    }
    if (row->scope == PD_SCOPE_DIRECTORY) {
        return pd_directive_set(directory, row, value, second, cmd->pool);
    }
    pd_server_config_t *config = pd_config_server(cmd->server);
    remember_place(cmd, config);
    return pd_directive_set(config->settings, row, value, second, cmd->pool);
}

static const char *set_one(cmd_parms *cmd, void *directory, const char *value)
{
    return set(cmd, directory, value, NULL);
}

static command_rec describe(const pd_directive_t *row)
{
    command_rec command = {0};
    command.name = row->name;
    command.cmd_data = (void *)row;
    command.errmsg = row->help;
    command.req_override =
        row->scope == PD_SCOPE_DIRECTORY ? (ACCESS_CONF | OR_AUTHCFG) : RSRC_CONF;
    if (row->type == PD_TYPE_DATABASE) {
        command.args_how = TAKE2;
        command.AP_TAKE2 = set;
    }
    else {
        command.args_how = TAKE1;
        command.AP_TAKE1 = set_one;
    }
    return command;
}

static void __attribute__((constructor)) fill_commands(void)
{
    int n = 0;
    for (const pd_directive_t *row = pd_directives; row->name != NULL; row++) {
        if (n == COMMANDS_MAX) {
            abort(); /* raise COMMANDS_MAX: caught by the first start after the table grew */
        }
        pd_config_commands[n++] = describe(row);
    }
}
