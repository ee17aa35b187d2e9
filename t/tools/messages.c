/* Prints the message catalogue of templates (.pot): every id once, with the places it stands at.
 * Arguments are template files, or folders whose .html and .txt files are taken. Paths are printed
 * as found, so that the result does not depend on where the tree lies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include "tmpl/pd_mustache.h"

typedef struct entry_t {
    const char *id, *plural;
    apr_array_header_t *places; /* const char * */
} entry_t;

typedef struct list_t {
    apr_array_header_t *entries; /* entry_t *, in order of first use */
    apr_hash_t *by_id;
    apr_pool_t *pool;
} list_t;

static void fail(const char *text, const char *more)
{
    fprintf(stderr, "messages: %s%s\n", text, more);
    exit(1);
}

static const char *read_file(const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t length = 0;
    if (apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, p) != APR_SUCCESS ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS)
        fail("can't read ", path);
    char *text = apr_pcalloc(p, (apr_size_t)info.size + 1);
    apr_status_t st = apr_file_read_full(file, text, (apr_size_t)info.size, &length);
    if (st != APR_SUCCESS && !APR_STATUS_IS_EOF(st))
        fail("can't read ", path);
    apr_file_close(file);
    return text;
}

static void add_message(list_t *list, const pd_message_t *message, const char *path)
{
    entry_t *entry = apr_hash_get(list->by_id, message->id, APR_HASH_KEY_STRING);
    if (!entry) {
        entry = apr_pcalloc(list->pool, sizeof(*entry));
        entry->id = message->id;
        entry->places = apr_array_make(list->pool, 2, sizeof(const char *));
        apr_hash_set(list->by_id, entry->id, APR_HASH_KEY_STRING, entry);
        APR_ARRAY_PUSH(list->entries, entry_t *) = entry;
    }
    if (message->plural && entry->plural && strcmp(message->plural, entry->plural) != 0)
        fail("two plurals for one id: ", entry->id);
    if (message->plural)
        entry->plural = message->plural;
    APR_ARRAY_PUSH(entry->places, const char *) =
        apr_psprintf(list->pool, "%s:%d", path, message->line);
}

static void add_file(list_t *list, const char *path)
{
    apr_array_header_t *messages;
    const char *why = "";
    const char *source = read_file(path, list->pool);
    if (pd_mustache_messages(&messages, &why, path, source, list->pool) != APR_SUCCESS)
        fail(why, "");
    for (int i = 0; i < messages->nelts; i++)
        add_message(list, &APR_ARRAY_IDX(messages, i, pd_message_t), path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int is_template(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".html") == 0 || strcmp(dot, ".txt") == 0);
}

static void add_path(list_t *list, const char *path);

/* In order of names: folders come as the file system likes. */
static void add_folder(list_t *list, const char *path)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    apr_array_header_t *names = apr_array_make(list->pool, 32, sizeof(const char *));
    if (apr_dir_open(&dir, path, list->pool) != APR_SUCCESS)
        fail("can't read ", path);
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS)
        if (info.name[0] != '.' && (info.filetype == APR_DIR || is_template(info.name)))
            APR_ARRAY_PUSH(names, const char *) =
                apr_pstrcat(list->pool, path, "/", info.name, NULL);
    apr_dir_close(dir);
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare);
    for (int i = 0; i < names->nelts; i++)
        add_path(list, APR_ARRAY_IDX(names, i, const char *));
}

static void add_path(list_t *list, const char *path)
{
    apr_finfo_t info;
    if (apr_stat(&info, path, APR_FINFO_TYPE, list->pool) != APR_SUCCESS)
        fail("there is no ", path);
    if (info.filetype == APR_DIR)
        add_folder(list, path);
    else
        add_file(list, path);
}

static void print_quoted(const char *keyword, const char *text)
{
    printf("%s \"", keyword);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    printf("\"\n");
}

static void print_entry(const entry_t *entry)
{
    printf("\n");
    for (int i = 0; i < entry->places->nelts; i++)
        printf("#: %s\n", APR_ARRAY_IDX(entry->places, i, const char *));
    print_quoted("msgid", entry->id);
    if (!entry->plural) {
        printf("msgstr \"\"\n");
        return;
    }
    print_quoted("msgid_plural", entry->plural);
    printf("msgstr[0] \"\"\nmsgstr[1] \"\"\n");
}

int main(int argc, char **argv)
{
    list_t list;
    apr_initialize();
    apr_pool_create(&list.pool, NULL);
    list.entries = apr_array_make(list.pool, 64, sizeof(entry_t *));
    list.by_id = apr_hash_make(list.pool);
    if (argc < 2)
        fail("usage: messages FILE-OR-FOLDER ...", "");
    for (int i = 1; i < argc; i++)
        add_path(&list, argv[i]);
    printf("msgid \"\"\nmsgstr \"\"\n"
           "\"Project-Id-Version: mod_pdportal\\n\"\n"
           "\"MIME-Version: 1.0\\n\"\n"
           "\"Content-Type: text/plain; charset=UTF-8\\n\"\n"
           "\"Content-Transfer-Encoding: 8bit\\n\"\n");
    for (int i = 0; i < list.entries->nelts; i++)
        print_entry(APR_ARRAY_IDX(list.entries, i, const entry_t *));
    int failed = fflush(stdout) != 0 || ferror(stdout);
    apr_pool_destroy(list.pool);
    apr_terminate();
    return failed;
}
