/* The handlers of the pages, one group a file. */
#ifndef PD_HANDLERS_H
#define PD_HANDLERS_H
#include "portal/pd_document.h"
#include "web/pd_page.h"
#include "web/pd_route.h"

/* pd_web_plain.c */
int pd_web_home(pd_page_t *page);
int pd_web_cookies(pd_page_t *page);
int pd_web_cookies_needed(pd_page_t *page, int status);
int pd_web_style(pd_page_t *page);
int pd_web_denied(pd_page_t *page);
int pd_web_required(pd_page_t *page);
int pd_web_unavailable(pd_page_t *page);
int pd_web_lacks_role(pd_page_t *page);

/* Signed in too long ago for this: the password once more, and back. What was sent by a form is not
 * kept, the way back is to its page. */
int pd_web_ask_again(pd_page_t *page);

/* Likewise, to set up a second factor, to give its code, or to acknowledge the policy. */
int pd_web_set_up_factor(pd_page_t *page);
int pd_web_ask_acknowledge(pd_page_t *page);
int pd_web_ask_factor(pd_page_t *page);
int pd_web_no_purpose(pd_page_t *page, int lacks_consent);

/* pd_web_recover.c */
int pd_web_recover_form(pd_page_t *page);
int pd_web_recover(pd_page_t *page);

/* pd_web_register.c */
int pd_web_register_form(pd_page_t *page);
int pd_web_register(pd_page_t *page);

/* pd_web_confirm.c */
int pd_web_confirm_form(pd_page_t *page);
int pd_web_confirm(pd_page_t *page);

/* pd_web_reset.c */
int pd_web_reset_form(pd_page_t *page);
int pd_web_reset(pd_page_t *page);

/* pd_web_change.c */
int pd_web_change_login_form(pd_page_t *page);
int pd_web_change_login(pd_page_t *page);
int pd_web_change_password_form(pd_page_t *page);
int pd_web_change_password(pd_page_t *page);
int pd_web_change_email_form(pd_page_t *page);
int pd_web_change_email(pd_page_t *page);

/* pd_web_restore.c */
int pd_web_restore_form(pd_page_t *page);
int pd_web_restore(pd_page_t *page);

/* pd_web_login.c */
int pd_web_login_form(pd_page_t *page);
int pd_web_login(pd_page_t *page);
int pd_web_logout(pd_page_t *page);
int pd_web_logout_again(pd_page_t *page);

/* pd_web_acknowledge.c */
int pd_web_acknowledge_form(pd_page_t *page);
int pd_web_acknowledge(pd_page_t *page);

/* What the box of either form is about: version, words, and what was shown. */
void pd_web_acknowledge_box(pd_page_t *page, const pd_document_t *document);

/* The tick of that form or of pd_web_coming.c's (`announced`): recorded, and on with `go_on`; where
 * another version than the shown one has to be acknowledged, `again` shows it. */
int pd_web_acknowledge_record(pd_page_t *page, int announced, pd_handler_fn *again,
                              pd_handler_fn *go_on);

/* pd_web_coming.c */
int pd_web_coming_form(pd_page_t *page);
int pd_web_coming(pd_page_t *page);

/* Leads on to `target` (NULL: the account) who has just signed in, by all that his sign-in asks
 * for. Who has not been told of a coming policy sees it once, on the way; if that can't be known
 * now, at the next sign-in. */
int pd_web_coming_first(pd_page_t *page, const char *person_id, const char *target);

/* pd_web_account.c */
int pd_web_account_slash(pd_page_t *page);
int pd_web_account(pd_page_t *page);

/* pd_web_second_factor.c */
int pd_web_factor_form(pd_page_t *page);
int pd_web_factor_enter(pd_page_t *page);
int pd_web_factor_account(pd_page_t *page);
int pd_web_factor_change(pd_page_t *page);

/* Nobody is waiting for a code here: on to where the person wanted to go. */
int pd_web_factor_needless(pd_page_t *page);
/* pd_web_sessions.c */
int pd_web_sessions(pd_page_t *page);
int pd_web_sessions_end(pd_page_t *page);

/* pd_web_history.c */
int pd_web_history(pd_page_t *page);

/* pd_web_export.c */
int pd_web_export_form(pd_page_t *page);
int pd_web_export_ask(pd_page_t *page);
int pd_web_export_json(pd_page_t *page);
int pd_web_export_html(pd_page_t *page);

/* pd_web_inbox.c */
int pd_web_inbox(pd_page_t *page);
int pd_web_inbox_read(pd_page_t *page);
int pd_web_notice(pd_page_t *page);
int pd_web_notice_change(pd_page_t *page);

/* pd_web_notices.c */
int pd_web_notices(pd_page_t *page);
int pd_web_notices_set(pd_page_t *page);
int pd_web_unsubscribe_form(pd_page_t *page);
int pd_web_unsubscribe(pd_page_t *page);

/* pd_web_not_me.c */
int pd_web_not_me_form(pd_page_t *page);
int pd_web_not_me(pd_page_t *page);
int pd_web_disown_form(pd_page_t *page);
int pd_web_disown(pd_page_t *page);
/* pd_web_close.c */
int pd_web_close_form(pd_page_t *page);
int pd_web_close(pd_page_t *page);
int pd_web_closed(pd_page_t *page);
int pd_web_recall_form(pd_page_t *page);
int pd_web_recall(pd_page_t *page);
int pd_web_recalled(pd_page_t *page);
int pd_web_blocked_form(pd_page_t *page);
int pd_web_blocked(pd_page_t *page);

/* pd_web_destructions.c */
int pd_web_destructions(pd_page_t *page);
int pd_web_destruction(pd_page_t *page);

/* pd_web_processing.c */
int pd_web_processing(pd_page_t *page);

/* pd_web_leave.c */
int pd_web_leave(pd_page_t *page);
/* pd_web_consent.c */
int pd_web_consents(pd_page_t *page);
int pd_web_consent_form(pd_page_t *page);
int pd_web_consent(pd_page_t *page);
int pd_web_withdraw_form(pd_page_t *page);
int pd_web_withdraw(pd_page_t *page);

/* pd_web_metrics.c */
int pd_web_metrics(pd_page_t *page);

/* pd_web_document.c */
int pd_web_policy(pd_page_t *page);
int pd_web_document_version(pd_page_t *page);

/* pd_web_staff_documents.c */
int pd_web_documents(pd_page_t *page);

/* pd_web_draft.c, pd_web_draft_new.c */
int pd_web_draft_form(pd_page_t *page);
int pd_web_draft_make(pd_page_t *page);
int pd_web_draft(pd_page_t *page);
int pd_web_draft_decide(pd_page_t *page);

/* pd_web_people.c */
int pd_web_people_counts(pd_page_t *page);
int pd_web_people(pd_page_t *page);
int pd_web_people_csv(pd_page_t *page);
/* pd_web_difference.c */
int pd_web_difference(pd_page_t *page);

/* pd_web_source.c */
int pd_web_source_text(pd_page_t *page);
int pd_web_source_markdown(pd_page_t *page);
int pd_web_feed(pd_page_t *page);

#endif
