/* What the files of notices share. */
#ifndef PD_NOTICE_INT_H
#define PD_NOTICE_INT_H

/* Where the content of a notice is sealed to. */
#define PD_NOTICE_PLACE "notice.content"

#endif
