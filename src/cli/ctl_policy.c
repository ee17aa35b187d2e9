/* policy publish and policy list. */
#include "cli/ctl.h"

#include "base/pd_status.h"
#include "base/pd_zone.h"
#include "portal/pd_document.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

static int read_text(ctl_t *ctl, pd_document_source_t *source, const char *path)
{
    apr_file_t *file;
    char reason[120];
    apr_size_t length = strlen(path);
    char *bytes = apr_palloc(ctl->p, PD_DOCUMENT_BYTES_MAX + 1);
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, ctl->p);
    if (!rv) {
        rv = apr_file_read_full(file, bytes, PD_DOCUMENT_BYTES_MAX + 1, &source->length);
        apr_file_close(file);
    }
    if (rv && !APR_STATUS_IS_EOF(rv)) {
        return ctl_fail(ctl, CTL_FAILED, "%s: can't be read: %s", path,
                        apr_strerror(rv, reason, sizeof reason));
    }
    if (source->length > PD_DOCUMENT_BYTES_MAX) {
        return ctl_fail(ctl, CTL_FAILED, "%s: is over %d bytes", path, PD_DOCUMENT_BYTES_MAX);
    }
    source->bytes = bytes;
    source->name = path;
    source->markup =
        length > 3 && !strcmp(path + length - 3, ".md") ? PD_MARKUP_MARKDOWN : PD_MARKUP_PLAIN;
    return CTL_OK;
}

/* With the caller's rights: the state's owner need not see the administrator's files. */
int ctl_policy_read(ctl_t *ctl)
{
    int n = ctl->operands->nelts;
    if (n == 0 || n != ctl->langs->nelts) {
        return ctl_fail(ctl, CTL_USAGE,
                        "give each FILE its --lang; \"pdportalctl policy publish "
                        "--help\" tells how");
    }
    apr_array_header_t *texts = apr_array_make(ctl->p, n, sizeof(pd_document_source_t));
    for (int i = 0; i < n; i++) {
        pd_document_source_t source = {.language = APR_ARRAY_IDX(ctl->langs, i, const char *)};
        int code = read_text(ctl, &source, APR_ARRAY_IDX(ctl->operands, i, const char *));
        if (code) {
            return code;
        }
        APR_ARRAY_PUSH(texts, pd_document_source_t) = source;
    }
    ctl->baton = texts;
    return CTL_OK;
}

static int good_kind(ctl_t *ctl)
{
    return pd_document_kind_good(ctl->kind)
               ? CTL_OK
               : ctl_fail(ctl, CTL_USAGE,
                          "--kind: \"%s\" is no name of a kind; write policy, processing, or small "
                          "letters, digits and hyphens, at most %d",
                          ctl->kind, PD_KIND_BYTES_MAX);
}

static int read_effective(ctl_t *ctl, apr_time_t *instant)
{
    const pd_zone_t *zone;
    pd_wall_e wall = PD_WALL_ONCE;
    *instant = 0;
    if (!ctl->effective) {
        return CTL_OK;
    }
    apr_status_t rv = pd_zone_load(&zone, ctl->settings->time_zone, ctl->p);
    if (!rv) {
        rv = pd_zone_parse_wall(instant, &wall, zone, ctl->effective);
    }
    if (!rv && wall != PD_WALL_ONCE) {
        return ctl_fail(ctl, CTL_USAGE,
                        "--effective: in %s clocks are set %s \"%s\"; write the offset with it, as "
                        "in 2026-12-01T09:30:00+03:00, or choose another time",
                        ctl->settings->time_zone,
                        wall == PD_WALL_TWICE ? "back, so that there are two instants of"
                                              : "forward, so that there is no",
                        ctl->effective);
    }
    return rv ? ctl_fail(
                    ctl, CTL_USAGE,
                    "--effective: \"%s\" is no time; write 2026-12-01, \"2026-12-01 09:30\", or "
                    "2026-12-01T09:30:00+03:00",
                    ctl->effective)
              : CTL_OK;
}

/* What was published is published: that the instant can't be read back changes nothing. */
static void tell_published(ctl_t *ctl, apr_int64_t version, apr_time_t effective_at)
{
    pd_document_t document;
    if (!effective_at && !pd_document_get(&document, &ctl->portal, ctl->kind, version,
                                          APR_ARRAY_IDX(ctl->langs, 0, const char *), ctl->p)) {
        effective_at = document.effective_at;
    }
    ctl_answer_text(ctl, "kind", ctl->kind);
    ctl_answer_number(ctl, "version", version);
    if (effective_at) {
        ctl_answer_text(ctl, "effective_at", pd_time_rfc3339(effective_at, ctl->p));
    }
    ctl_say(ctl, "Published: %s version %ld, in force %s%s.", ctl->kind, (long)version,
            effective_at ? "from " : "at once",
            effective_at ? ctl_time_text(ctl, effective_at) : "");
}

int ctl_policy_publish(ctl_t *ctl)
{
    pd_publication_t publication = {.texts = ctl->baton,
                                    .editorial = ctl->editorial ? ctl->editorial : "",
                                    .drops_languages = (ctl->given & CTL_DROP) != 0};
    apr_int64_t version;
    const char *why = NULL;
    ctl->kind = ctl->kind ? ctl->kind : PD_DOCUMENT_POLICY;
    publication.kind = ctl->kind;
    int code = good_kind(ctl);
    if (!code) {
        code = read_effective(ctl, &publication.effective_at);
    }
    if (code || (ctl->given & CTL_DRAFT)) {
        return code ? code : ctl_draft_make(ctl, &publication);
    }
    if (ctl->as) {
        return ctl_fail(ctl, CTL_USAGE, "--as belongs to --draft");
    }
    apr_status_t rv = pd_document_publish(&version, &why, &ctl->portal, &publication, ctl->p);
    if (rv == PD_EAWAY) { /* the answer to COMMIT may be what was lost */
        return ctl_fail_status(ctl, rv,
                               "it is not known whether the document was published; look with "
                               "\"pdportalctl policy list\" before trying again",
                               why);
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "nothing was published", why);
    }
    tell_published(ctl, version, publication.effective_at);
    return CTL_OK;
}

static json_t *as_json(const pd_document_t *document, int current, apr_pool_t *p)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "kind",
                     document->kind, "version", (json_int_t)document->version, "language",
                     document->language, "title", document->title, "published_at",
                     pd_time_rfc3339(document->published_at, p), "effective_at",
                     pd_time_rfc3339(document->effective_at, p), "editorial", document->editorial,
                     "source_sha256", document->source_sha256, "html_sha256", document->html_sha256,
                     "sum_covers", document->sum_covers, "in_force", current);
}

int ctl_policy_list(ctl_t *ctl)
{
    apr_array_header_t *documents;
    pd_document_t now;
    json_t *list = json_array();
    const char *language =
        ctl->langs->nelts ? APR_ARRAY_IDX(ctl->langs, 0, const char *) : ctl->settings->language;
    ctl->kind = ctl->kind ? ctl->kind : PD_DOCUMENT_POLICY;
    json_object_set_new(ctl->answer, "documents", list);
    apr_status_t rv = pd_document_list(&documents, &ctl->portal, ctl->kind, language, ctl->p);
    if (!rv) {
        now.version = 0;
        rv = pd_document_current(&now, &ctl->portal, ctl->kind, language, ctl->p);
        rv = rv == APR_ENOENT ? APR_SUCCESS : rv;
    }
    if (rv) {
        return ctl_fail_status(ctl, rv, "the documents can't be read", NULL);
    }
    for (int i = 0; i < documents->nelts; i++) {
        const pd_document_t *document = &APR_ARRAY_IDX(documents, i, pd_document_t);
        int current = document->version == now.version;
        json_array_append_new(list, as_json(document, current, ctl->p));
        ctl_say(ctl, "%c %ld  %s  %s  %s", current ? '*' : ' ', (long)document->version,
                ctl_time_text(ctl, document->effective_at), document->title, document->html_sha256);
    }
    return CTL_OK;
}
