/* The warm process: holds the loaded models and forks a sandboxed child for each picture. */
#ifndef DASTERN_OCR_WARM_H
#define DASTERN_OCR_WARM_H

#include "ocr.h"

/* What the warm process says about a child that has ended. */
struct warm_end { int signal, status; bool timed_out; };

/* The body of the warm process: loads the models, sends one byte on `control` when ready, then serves jobs (a message with two
 * descriptors: the picture, the pipe for the frames) until the other end closes. Never returns. */
_Noreturn void warm_run(int control, const struct ocr_service_options *options);

#endif
