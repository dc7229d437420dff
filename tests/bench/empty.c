/* A preloaded object without anything in it: what the dynamic linker takes for
 * any of them. */
extern int nothing;
int nothing;
