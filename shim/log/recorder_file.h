/* The recorder's file: opened, or made, and mapped. At start-up. */
#ifndef SOCKSHIM_RECORDER_FILE_H
#define SOCKSHIM_RECORDER_FILE_H

#include "base/ring.h"

/* The ring in settings.recorder_path, which is made with settings.recorder_size bytes if it is not
 * there; no descriptor stays open. NULL, or what is wrong, as recorder_begin() says it. */
const char *recorder_file_open(struct ring *ring);

#endif
