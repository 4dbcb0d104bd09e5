/* Taking in the picture of a prescription. */
#ifndef DASTERN_PRESCRIPTIONS_UPLOAD_H
#define DASTERN_PRESCRIPTIONS_UPLOAD_H

#include "http/request.h"

/*
 * The picture of a form becomes a prescription that waits to be read: 202. Nothing of the picture is decoded here. Refuses what is no
 * picture, says something else than it is, or is too large (422 with /image among the faults, 413, 415), what the caller
 * may not store (404, 409 upload.quota_reached), and a full disk (507 storage.full); then nothing is left behind.
 */
enum err upload_take(struct request *r) MUST_CHECK;

#endif
