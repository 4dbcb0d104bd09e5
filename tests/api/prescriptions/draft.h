/* Drafts for tests, put into the database as the worker would store them, so that their content is known to the letter. */
#ifndef DASTERN_TESTS_DRAFT_H
#define DASTERN_TESTS_DRAFT_H

#include "owner.h"
#include "people.h"

/* A picture of the patient whose job is claimed by a worker of the test, so that no real one takes it. */
static inline void picture_claimed(const struct person *patient, char id[37])
{
    snprintf(id, 37, "%s", owner_sql("INSERT INTO prescriptions (patient_id, created_by, original_image_url, image_type, image_bytes) "
                                     "VALUES ($1::uuid, $1::uuid, gen_random_uuid() || '.jpg', 'image/jpeg', 1000) RETURNING id",
                                     patient->id, NULL));
    owner_sql("INSERT INTO prescription_processing_queue (prescription_id, status, stage, locked_by, locked_until, attempts) "
              "VALUES ($1::uuid, 'running', 'rows', 'test', now() + interval '1 hour', 1)", id, NULL);
}

/* Stores what the reader said (the JSON of ocr_draft_json); "t", or "f" when the job was no longer held. */
static inline const char *draft_store(const char *id, const char *attempt, const char *reading)
{
    return owner_sql("SELECT store_draft(q.id, 'test', $2::int, reading_draft($3::jsonb)) FROM prescription_processing_queue q "
                     "WHERE q.prescription_id = $1::uuid ORDER BY q.id DESC LIMIT 1", id, attempt, reading, NULL);
}

/* The job ends as refused: the page cannot be read. */
static inline void draft_refuse(const char *id, const char *code)
{
    owner_sql("SELECT queue_fail('prescription_processing_queue', q.id, 'test', 1, $2, false) FROM prescription_processing_queue q "
              "WHERE q.prescription_id = $1::uuid", id, code, NULL);
}

#endif
