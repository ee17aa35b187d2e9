/* Tick boxes in pages. Any thread. */
#ifndef PD_BOX_H
#define PD_BOX_H

/* Would the page's form send `name` without the reader's doing? It would, unless every element of
 * this name is a checkbox that is not ticked: a ticked one would, and a hidden field. Finds what a
 * template does by mistake: markup is read as browsers read it, but a comment counts as well, and a
 * name written with character references is not recognised. */
int pd_box_is_filled(const char *html, const char *name);

#endif
