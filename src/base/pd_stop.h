/* This process is told to end: work that takes long breaks off at its next safe point. Set once,
 * never taken back. Any thread. */
#ifndef PD_STOP_H
#define PD_STOP_H

void pd_stop_ask(void);
int pd_stop_asked(void);

#endif
