/* Makes pages: values that every page has, rendering, errors. */
#include "web/pd_page.h"
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include "auth/pd_authn.h"
#include "auth/pd_site_cookie.h"
#include "base/pd_clock.h"
#include "base/pd_log.h"
#include "base/pd_random.h"
#include "base/pd_status.h"
#include "crypt/pd_token.h"
#include "portal/pd_acknowledge.h"
#include "portal/pd_document.h"
#include "portal/pd_role.h"
#include "text/pd_box.h"
#include "text/pd_url.h"
#include "web/pd_page_int.h"
#include "web/pd_route.h"
#include "web/pd_visitor.h"

APLOG_USE_MODULE(pdportal);

#define PAGE_BYTES_MAX   (36 * 1024 * 1024) /* two texts of the largest size */
#define PAGE_BYTES_USUAL 7168 /* with its pool's head still within one node of the allocator */
#define RETRY_AFTER_SECS 5
#define SECS_SHOWN_MAX   60 /* longer waits are told in minutes */

#define WORDING_BYTES_MAX 4096

const char *pd_page_path(const pd_page_t *page, const char *path)
{
    return apr_pstrcat(page->p, page->site->settings->path, "/", path, NULL);
}

const char *pd_page_path_back(const pd_page_t *page, const char *path, const char *target)
{
    const char *own = pd_page_path(page, path);
    if (target == NULL) {
        return own;
    }
    return apr_pstrcat(page->p, own, strchr(path, '?') != NULL ? "&return=" : "?return=",
                       pd_url_encode(target, page->p), NULL);
}

void pd_page_text(pd_page_t *page, const char *name, const char *text)
{
    /* A name that isn't there is as empty. */
    if ((text != NULL && *text != '\0') || pd_value_get(page->values, name) != NULL) {
        pd_value_set_text(page->values, name, text ? text : "", page->p);
    }
}

void pd_page_true(pd_page_t *page, const char *name, int truth)
{
    /* A name that isn't there is as false. */
    if (truth || pd_value_get(page->values, name) != NULL) {
        pd_value_set_bool(page->values, name, truth, page->p);
    }
}

void pd_page_date(pd_page_t *page, pd_value_t *map, const char *name, apr_time_t instant)
{
    pd_value_set_date(map, name, page->site->zone, instant, page->p);
}

void pd_page_mistake(pd_page_t *page, const char *field, const char *code)
{
    pd_value_t *list = (pd_value_t *)pd_value_get(page->values, "mistakes");
    pd_value_t *mistake = pd_value_map(page->p);
    if (list == NULL) {
        list = pd_value_list(page->p);
        pd_value_set(page->values, "mistakes", list);
        pd_page_true(page, "has_mistakes", 1);
    }
    pd_value_set_text(mistake, "field", field, page->p);
    pd_value_set_bool(mistake, code, 1, page->p);
    pd_value_add(list, mistake);
    pd_value_set(page->values, apr_pstrcat(page->p, "error_", field, NULL), mistake);
}

int pd_page_has_mistakes(const pd_page_t *page)
{
    return pd_value_get(page->values, "mistakes") != NULL;
}

static const char *wording(const pd_page_t *page, const char *file, const char *title,
                           apr_int64_t version)
{
    pd_buf_t out;
    pd_value_t *values = pd_value_map(page->p);
    pd_value_set_text(values, "title", title, page->p);
    pd_value_set_number(values, "version", version, page->p);
    pd_value_set_text(values, "site_name", page->site->settings->site_name, page->p);
    pd_buf_init(&out, WORDING_BYTES_MAX, page->p);
    pd_mustache_render(pd_templates_get(page->site->templates, file, page->language), values, &out,
                       page->p);
    while (out.length > 0 && out.bytes[out.length - 1] == '\n') {
        out.bytes[--out.length] = '\0';
    }
    return out.bytes;
}

const char *pd_page_wording(const pd_page_t *page, const char *file, apr_int64_t version)
{
    return wording(page, file, "", version);
}

const char *pd_page_consent_wording(const pd_page_t *page, const char *kind, const char *title,
                                    apr_int64_t version)
{
    int is_processing = strcmp(kind, PD_DOCUMENT_PROCESSING) == 0;
    return wording(page, is_processing ? "wording-processing.txt" : "wording-consent.txt", title,
                   version);
}

const char *pd_page_token_binding(const pd_page_t *page)
{
    if (page->pending != NULL && page->route->need == PD_NEED_PENDING) {
        return page->pending->token_hash;
    }
    return page->session != NULL && page->route != NULL && pd_route_needs_session(page->route)
               ? page->session->token_hash
               : page->kept.browser;
}

void pd_page_form_token(pd_page_t *page, const char *purpose)
{
    pd_visitor_need_browser(page);
    pd_page_text(page, "csrf",
                 pd_form_token_new(page->site->keys, purpose, pd_page_token_binding(page),
                                   pd_clock_now(), page->p));
    if (page->stale) {
        pd_page_true(page, "stale", 1);
        pd_page_true(page, "text_changed", page->text_changed);
    }
}

pd_client_t pd_page_client(const pd_page_t *page)
{
    return (pd_client_t){.address = page->r->useragent_ip,
                         .browser = page->kept.browser,
                         .agent = apr_table_get(page->r->headers_in, "User-Agent")};
}

void pd_page_limited(pd_page_t *page, int retry_after)
{
    apr_table_setn(page->r->err_headers_out, "Retry-After",
                   apr_psprintf(page->p, "%d", retry_after));
    pd_page_true(page, "limited", 1);
    if (retry_after > SECS_SHOWN_MAX) {
        pd_value_set_number(page->values, "retry_minutes", (retry_after + 59) / 60, page->p);
    }
    else {
        pd_value_set_number(page->values, "retry_after", retry_after, page->p);
    }
}

void pd_page_set_session(pd_page_t *page, const char *token)
{
    page->session_cookie = pd_site_cookie_line(page->site, PD_COOKIE_SESSION, token,
                                               pd_site_cookies[PD_COOKIE_SESSION].days, page->p);
}

/* "&NAME=VALUE" of a field that says what the page shows; "" without. */
static const char *kept_field(const pd_page_t *page, const char *name)
{
    const char *value = pd_form_get(page->form, name);
    return value == NULL
               ? ""
               : apr_pstrcat(page->p, "&", name, "=", ap_escape_urlencoded(page->p, value), NULL);
}

/* The same page in the other language, for the switch in the head. */
static const char *other_language_url(const pd_page_t *page, const char *other)
{
    if (page->r->prev != NULL || (page->route != NULL && !pd_route_can_be_read(page->route))) {
        return ""; /* an answer without an address of its own */
    }
    return apr_pstrcat(page->p, page->r->uri, "?lang=", other, kept_field(page, "return"),
                       kept_field(page, "with"),
                       page->explains_cookies ? "&" PD_AUTHN_COOKIE_SENT "=1" : "",
                       page->kept_query ? page->kept_query : "", NULL);
}

static const char *other_language(const pd_page_t *page)
{
    for (int i = 0; pd_languages[i] != NULL; i++) {
        if (strcmp(pd_languages[i], page->language) != 0) {
            return pd_languages[i];
        }
    }
    return page->language;
}

/* What is going to change stands on every page of somebody who has not read it yet; not on the page
 * that is about it. Where it can't be known now, the page comes without. */
static void add_announced(pd_page_t *page)
{
    const pd_portal_t *portal = page->portal;
    if (page->session == NULL || page->route == NULL || page->route->show == PD_SHOW_PUBLIC ||
        strcmp(page->route->path, "coming") == 0 ||
        (portal == NULL && pd_site_portal(&portal, page->site, page->p) != APR_SUCCESS)) {
        return;
    }
    pd_coming_t coming = pd_acknowledge_announced(portal, page->session, page->p);
    if (coming.version > page->session->policy_version) {
        pd_value_set_number(page->values, "announced", coming.version, page->p);
        pd_page_date(page, page->values, "announced_on", coming.effective_at);
    }
}

static int is_editor(const pd_session_t *session)
{
    return pd_session_has_word(session->roles, PD_ROLE_EDITOR) ||
           pd_session_has_word(session->roles, PD_ROLE_ADMINISTRATOR);
}

static void add_session_values(pd_page_t *page)
{
    if (page->session == NULL || page->route->show == PD_SHOW_PUBLIC) {
        return;
    }
    pd_page_text(page, "me", page->session->login);
    pd_page_true(page, "editor", is_editor(page->session));
    pd_page_text(page, "logout_token",
                 pd_form_token_new(page->site->keys, "logout", page->session->token_hash,
                                   pd_clock_now(), page->p));
}

static void add_common_values(pd_page_t *page)
{
    const pd_settings_t *settings = page->site->settings;
    const char *other = other_language(page);
    pd_page_text(page, "lang", page->language);
    pd_page_text(page, "other_lang", other);
    pd_page_text(page, "other_lang_url", other_language_url(page, other));
    pd_page_text(page, "site_name", settings->site_name);
    pd_page_text(page, "site_home", settings->site_home);
    pd_page_text(page, "portal", settings->path);
    pd_page_text(
        page, "style",
        apr_pstrcat(page->p, settings->path, "/style.css?v=", page->site->style_hash, NULL));
    pd_page_true(page, "private",
                 page->route == NULL || page->route->show == PD_SHOW_PERSONAL || page->leads_away);
    if (page->route != NULL) {
        add_session_values(page);
    }
}

static void render(pd_buf_t *out, const pd_page_t *page, const pd_mustache_t *template)
{
    pd_buf_init_for(out, PAGE_BYTES_USUAL, PAGE_BYTES_MAX, page->p);
    if (template != NULL) {
        pd_mustache_render(template, page->values, out, page->p);
    }
}

/* A consent that a template ticks is none (F25): what this form sends is taken by nobody. */
static void refuse_form(pd_page_t *page, const char *file)
{
    pd_page_form_token(page, "ticked");
    if (pd_log_due(&page->site->said_ticked)) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, page->r->server,
                     "PD0710: the template of page %s gives the box %s ticked: a consent must be "
                     "ticked by the person, so its form is refused",
                     file, page->box);
    }
}

int pd_page_show(pd_page_t *page, const char *file, int status)
{
    pd_buf_t out;
    const pd_mustache_t *template = pd_templates_get(page->site->templates, file, page->language);
    add_common_values(page);
    if (status < HTTP_INTERNAL_SERVER_ERROR) { /* what failed a moment ago is not asked again */
        add_announced(page);
    }
    render(&out, page, template);
    if (page->box != NULL && !out.overflow && pd_box_is_filled(out.bytes, page->box)) {
        refuse_form(page, file);
        render(&out, page, template);
    }
    if (template == NULL || out.overflow) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, page->r->server, "PD0530: page %s can't be made: %s",
                     file, template ? "it is over 36 MiB" : "no such template");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return pd_page_show_bytes(page, out.bytes, out.length, status);
}

int pd_page_go(pd_page_t *page, const char *location)
{
    pd_page_add_headers(page);
    apr_table_setn(page->r->err_headers_out, "Location", location);
    page->r->status = HTTP_SEE_OTHER;
    ap_set_content_length(page->r, 0);
    return OK;
}

int pd_page_error(pd_page_t *page, int status)
{
    pd_page_true(page, apr_psprintf(page->p, "e%d", status), 1);
    return pd_page_show(page, "error.html", status);
}

static int unavailable(pd_page_t *page)
{
    pd_count(page->site->counts, PD_COUNT_UNAVAILABLE);
    apr_table_setn(page->r->err_headers_out, "Retry-After",
                   apr_psprintf(page->p, "%d", RETRY_AFTER_SECS));
    pd_value_set_number(page->values, "retry_after", RETRY_AFTER_SECS, page->p);
    return pd_page_error(page, HTTP_SERVICE_UNAVAILABLE);
}

int pd_page_failure(pd_page_t *page, apr_status_t rv)
{
    char text[128];
    if (rv == PD_EBUSY || rv == PD_EAWAY || rv == PD_ESCHEMA || rv == PD_EKEY || rv == APR_ENOMEM) {
        if (pd_log_due(&page->site->said_unavailable)) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, page->r->server,
                         "PD0531: %s/%s and maybe others answer 503: %s",
                         page->site->settings->path, page->route ? page->route->path : "",
                         pd_status_text(rv, text, sizeof(text)));
        }
        return unavailable(page);
    }
    const char *reference = pd_random_uuid7(pd_clock_now(), page->p) + PD_UUID_CHARS - 8;
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, page->r->server, "PD0532: %s/%s: reference %s: %s",
                 page->site->settings->path, page->route ? page->route->path : "", reference,
                 pd_status_text(rv, text, sizeof(text)));
    pd_page_text(page, "reference", reference);
    return pd_page_error(page, HTTP_INTERNAL_SERVER_ERROR);
}
