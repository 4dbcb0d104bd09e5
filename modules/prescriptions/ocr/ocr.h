/* Reading a prescription photo: from the bytes of an upload to a draft that a person will check.
 *
 * Three doors:
 *   image_check_header   the cheap look at an upload before anything is stored or decoded (any process may call it)
 *   ocr_service_*        what the queue worker uses: each picture is decoded and read in a throw-away child without
 *                        network, files or privileges; the worker only gets frames over a pipe
 *   ocr_reader_*         the reader itself, in-process; for the child, the bench and the unit tests
 *
 * A number in a draft is either backed by at least two independent readers or marked unsure. The draft is a
 * proposal: nothing in it becomes a dose before a person has confirmed it.
 */
#ifndef DASTERN_OCR_H
#define DASTERN_OCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- limits ------------------------------------------------------------------------------------------------- */

enum {
    OCR_FILE_MAX = 10 * 1024 * 1024, /* bytes of an upload */
    OCR_SIDE_MAX = 10000,            /* px, width and height of an upload */
    OCR_SIDE_MIN = 200,              /* px, the shorter side; less cannot hold a readable table */
    OCR_ROWS_MAX = 40,               /* medication rows of one page */
    OCR_TEXT_MAX = 256,              /* bytes of one field, with its NUL */
    OCR_CODE_MAX = 32,               /* bytes of a problem code, with its NUL */
    OCR_JSON_MAX = 512 * 1024,       /* bytes of a draft as JSON */
};
#define OCR_PIXELS_MAX 40000000L       /* width x height of a JPEG (which can be decoded at a reduced size) */
#define OCR_PIXELS_MAX_FULL 12000000L  /* the same of PNG and WebP, which must be decoded whole */

/* ---- the header check --------------------------------------------------------------------------------------- */

enum image_kind { IMAGE_NONE, IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP };

struct image_header {
    enum image_kind kind;
    long width, height; /* as stored, before EXIF orientation */
    int orientation;    /* EXIF 1..8; 1 when absent */
};

/* Looks at magic bytes and header only, decodes nothing (microseconds). Returns NULL when the picture may be taken,
 * otherwise a problem code: "ocr.bad_image" (not a jpeg/png/webp, or a broken header), "ocr.too_large" (side, pixels
 * or bytes), "ocr.too_small", "ocr.animated" (more than one frame). */
const char *image_check_header(const void *data, size_t size, struct image_header *out);

/* "image/jpeg", "image/png", "image/webp"; NULL for IMAGE_NONE. */
const char *image_media_type(enum image_kind kind);

/* ---- the draft ---------------------------------------------------------------------------------------------- */

struct ocr_box { int x, y, w, h; }; /* px on the rectified picture; w == 0: no place known */

enum ocr_source { OCR_SOURCE_NONE, OCR_SOURCE_OCR, OCR_SOURCE_RULE }; /* read from ink | concluded from other fields */

struct ocr_text {
    char text[OCR_TEXT_MAX]; /* UTF-8, "" when there is none */
    double confidence;       /* 0..1 */
    bool unsure;             /* a person has to look at it */
    enum ocr_source source;
    struct ocr_box box;
};

struct ocr_number {
    double value;            /* NAN: something is there but could not be read (then unsure is set) */
    char raw[32];            /* what the deciding reader saw */
    double confidence;
    bool unsure;
    enum ocr_source source;  /* OCR_SOURCE_NONE: nothing was there */
    struct ocr_box box;
};

enum ocr_slot { OCR_MORNING, OCR_NOON, OCR_EVENING, OCR_NIGHT, OCR_SLOTS };

struct ocr_row {
    int sequence_number;                 /* 1.. in the order of the page */
    struct ocr_text name;                /* "Amoxicillin" */
    struct ocr_text strength;            /* "500mg" */
    struct ocr_text form;                /* tablet capsule syrup sachet ampoule injection cream drops suppository inhaler ... */
    struct ocr_number quantity;
    struct ocr_text quantity_unit;       /* as printed: "គ្រាប់" */
    struct ocr_number duration_days;     /* a rule's result (quantity / daily sum) or read from a column */
    struct ocr_number doses[OCR_SLOTS];  /* 0 with source OCR: the cell is blank or has a dash */
    struct ocr_text dose_unit;           /* printed behind the doses: tablet capsule sachet ... drops ml spoon; "" when nothing is.
                                            Doses in a measure (drops, ml) are always unsure */
    struct ocr_text instructions;        /* as printed */
    struct ocr_text meal_relation;       /* "before" "after" "with" or "" */
    bool as_needed;
    double confidence;                   /* the weakest of name, quantity and doses */
    struct ocr_box box;
    char suggestions[3][64];             /* lexicon names near to what was read; "" when fewer. Never applied by themselves */
};

struct ocr_draft {
    char error[OCR_CODE_MAX];            /* "" = a draft; else ocr.too_blurred ocr.no_table ocr.bad_image ocr.too_large ... */
    int width, height;                   /* of the rectified picture, to which all boxes refer */
    int turned;                          /* degrees the picture was turned by (clockwise), beyond EXIF: 0 90 180 270 */
    bool grid;                           /* false: a layout without lines; every row is unsure then */
    double sharpness;                    /* the figure behind ocr.too_blurred */
    double confidence;                   /* 0..1, mean of the rows */
    struct ocr_text hospital_name, prescribing_doctor_name, patient_age, patient_gender, diagnosis, prescription_date;
                                         /* age in years as digits; gender "male" | "female"; date YYYY-MM-DD */
    struct ocr_row rows[OCR_ROWS_MAX];
    int row_count;
    bool rows_missing;                   /* the page may hold medicines that are not in `rows`: another table, a table that is cut off
                                            or goes on, a line without lines around it, a row whose name is not to be seen */
};

/* The draft as JSON, as it is sent over the pipe and may be stored. Returns a malloc'ed string. Shape:
 * {"error": null | "ocr.no_table",
 *  "page": {"width": 2000, "height": 1400, "turned": 0, "layout": "table" | "columns", "sharpness": 12.3},
 *  "confidence": 0.93,
 *  "fields": {"hospital_name": F, "prescribing_doctor_name": F, "patient_age": F, "patient_gender": F, "diagnosis": F,
 *             "prescription_date": F, "medications": F},    F = {"value": "text" | null, "confidence": 0.9, "unsure": false,
 *                                                      "source": "ocr" | "rule" | null, "box": [x, y, w, h] | null}
 *  "unsure": ["diagnosis", ...],                  header fields a person has to look at; "medications": there may be more of them on
 *                                                 the paper than were read
 *  "medications": [{
 *     "sequence_number": 1, "name": "Amoxicillin", "strength": "500mg" | null, "form": "capsule" | null,
 *     "quantity": 15 | null, "quantity_unit": "..." | null, "duration_days": 5 | null,
 *     "doses": {"morning": 1 | null, "noon": 1, "evening": 0.5, "night": 0},    null: not readable, always in "unsure"
 *     "dose_unit": "tablet" | null,
 *     "instructions": "..." | null, "meal_relation": "before" | "after" | "with" | null, "as_needed": false,
 *     "confidence": 0.91, "unsure": ["doses.morning", "quantity", "name", ...], "box": [x, y, w, h] | null,
 *     "suggestions": ["Amoxicilline", ...],
 *     "provenance": {"name": F, "strength": F, "form": F, "quantity": F, "quantity_unit": F, "duration_days": F,
 *                    "doses.morning": F, "doses.noon": F, "doses.evening": F, "doses.night": F, "dose_unit": F,
 *                    "instructions": F, "meal_relation": F}     value = the text as it was seen
 *  }]} */
char *ocr_draft_json(const struct ocr_draft *draft);

/* ---- progress ----------------------------------------------------------------------------------------------- */

/* Stages in order: "decode" 5, "prepare" 15, "table" 30, "columns" 40, "rows" 45..85, "header" 90, "store" 97. The name is a
 * string literal. */
typedef void ocr_progress_fn(void *arg, const char *stage, int percent);

/* ---- the reader, in-process --------------------------------------------------------------------------------- */

struct ocr_reader; /* warm Tesseract handles and the drug lexicon; not shared between threads */

struct ocr_reader_options {
    const char *tessdata;   /* folder with khm, eng and fra models; NULL: Debian's */
    const char *eng_best;   /* folder with another eng.traineddata (4.0.0_best_int) to use instead; NULL: the one in `tessdata` */
    const char *lexicon;    /* TSV of drug names (database/seeds/drug_lexicon.tsv); NULL: no suggestions */
};

/* Loads models and lexicon (about 0.3 s). Must run with OMP_THREAD_LIMIT=1, see ocr_single_thread. NULL: a model is missing. */
struct ocr_reader *ocr_reader_new(const struct ocr_reader_options *options);
void ocr_reader_free(struct ocr_reader *reader);

/* The pictures made on the way, JPEG in malloc'ed memory, free with ocr_pictures_free. A size of 0: not made. */
struct ocr_picture { unsigned char *data; size_t size; };
struct ocr_pictures {
    struct ocr_picture image;      /* upright, re-encoded, without any metadata: the only copy to store */
    struct ocr_picture thumbnail;  /* longer side 320 px */
    struct ocr_picture rectified;  /* what the boxes refer to */
};
void ocr_pictures_free(struct ocr_pictures *pictures);

/* Reads one picture into *draft (always wholly set; draft->error tells why there are no rows). `pictures` and `progress`
 * may be NULL. Decodes hostile input: outside tests only call it in the sandboxed child. */
void ocr_read(struct ocr_reader *reader, const void *data, size_t size, struct ocr_draft *draft,
              struct ocr_pictures *pictures, ocr_progress_fn *progress, void *arg);

/* ---- the service: one warm process, one sandboxed child per picture ----------------------------------------- */

/* Call first thing in main() of a program that uses the service: libgomp reads OMP_THREAD_LIMIT only at program start and the
 * sandbox allows no threads, so this re-executes the program once with it set. Also pins LC_NUMERIC to C. */
void ocr_single_thread(char **argv);

struct ocr_service; /* a process with warm handles, forked before the caller opens any connection */

struct ocr_service_options {
    struct ocr_reader_options reader;
    int wall_seconds;       /* time-out per picture; 0: 30 */
    int cpu_seconds;        /* RLIMIT_CPU of the child; 0: 20 */
    int memory_mb;          /* address space a child may add to the warm process; 0: 320 */
};

/* Forks the warm process; call before opening connections or reading secrets, so that no child ever has them in memory.
 * NULL: it did not come up (message on stderr). */
struct ocr_service *ocr_service_start(const struct ocr_service_options *options);
void ocr_service_stop(struct ocr_service *service);

enum ocr_outcome {
    OCR_DONE,       /* result->json holds the draft; its "error" may still name a final refusal such as ocr.no_table */
    OCR_CRASHED,    /* the child died or broke the protocol: count the attempt, retry, then dead letter */
    OCR_TIMED_OUT,  /* the same, it was killed at the wall or CPU limit */
    OCR_GONE,       /* the warm process itself is gone: exit and let the supervisor start a new worker */
};

struct ocr_result {
    char error[OCR_CODE_MAX];   /* the draft's error, "" if none; "ocr.crashed" / "ocr.timed_out" for those outcomes */
    char *json;                 /* NUL-terminated draft, NULL unless OCR_DONE. From a child that ate hostile input: the
                                   database's constraints judge it like any client's input */
    struct ocr_pictures pictures; /* checked to be JPEG by header; sizes 0 when the picture could not be decoded */
    int signal;                 /* that ended the child, 0 if none */
};

/* Reads the picture behind `fd` (an open regular file, read from offset 0) in a fresh child. Blocks until it is done; calls
 * `progress` for each stage and at least once a second in between (stage NULL: a tick, good for renewing a lease).
 * Free the result with ocr_result_free in every case. */
enum ocr_outcome ocr_service_read(struct ocr_service *service, int fd, struct ocr_result *result,
                                  ocr_progress_fn *progress, void *arg);
void ocr_result_free(struct ocr_result *result);

#endif
