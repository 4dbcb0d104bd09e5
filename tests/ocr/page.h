/* Generated prescription pages with known truth: a seed makes a page, a camera photographs it.
 * Everything on a page is invented: hospitals, people, doctors. The same seed gives the same page. */
#ifndef DASTERN_TESTS_PAGE_H
#define DASTERN_TESTS_PAGE_H

#include <cairo.h>
#include <leptonica/allheaders.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- random numbers: splitmix64, so that a page depends on nothing but its seed ---- */

struct rng { uint64_t state; };

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
/* 0 .. n-1 */
static inline int rng_below(struct rng *rng, int n) { return (int)(rng_next(rng) % (uint64_t)n); }
static inline double rng_unit(struct rng *rng) { return (double)(rng_next(rng) >> 11) / 9007199254740992.0; }
static inline double rng_range(struct rng *rng, double low, double high) { return low + (high - low) * rng_unit(rng); }
static inline bool rng_chance(struct rng *rng, double p) { return rng_unit(rng) < p; }
/* mean 0, deviation 1 */
double rng_normal(struct rng *rng);

/* ---- what is on a page ---- */

enum { PAGE_ROWS = 12, PAGE_TEXT = 160, PAGE_COLUMNS = 12, PAGE_SLOTS = 4 };

struct page_row {
    char name[PAGE_TEXT], strength[32], form[16], unit[48];
    char printed_name[PAGE_TEXT]; /* with the strength and perhaps a line break */
    double quantity;
    double doses[PAGE_SLOTS];
    char dose_text[PAGE_SLOTS][PAGE_TEXT];
    char remark[PAGE_TEXT];
    char meal[8]; /* before after with or "" */
    bool as_needed;
    int days;
};

enum page_kind { PAGE_TABLE, PAGE_BORDERLESS, PAGE_HANDWRITTEN, PAGE_OTHER_TABLE, PAGE_LETTER, PAGE_BLANK, PAGE_TOO_BLURRED };

enum language { KM, FR, EN };
enum column_kind { COL_NUMBER, COL_NAME, COL_QUANTITY, COL_UNIT, COL_MORNING, COL_NOON, COL_EVENING, COL_NIGHT,
                   COL_USE, COL_REMARK, COL_DAYS, COL_END };

struct column { enum column_kind kind; double weight; const char *head; };
struct layout {
    const char *name;
    enum language language;
    const char *group;         /* a heading spanning the slot columns, or NULL */
    bool words_in_slots, grid;
    struct column columns[PAGE_COLUMNS];
};
extern const struct layout page_layouts[];
extern const int page_layout_count;

struct page {
    uint64_t seed;
    enum page_kind kind;
    const struct layout *layout;
    char hospital[PAGE_TEXT], doctor[PAGE_TEXT], patient[PAGE_TEXT], diagnosis[PAGE_TEXT];
    char age[8], gender[8], date[12]; /* date YYYY-MM-DD, gender male | female */
    char printed_date[64];
    struct page_row rows[PAGE_ROWS];
    int row_count;
    const char *khmer_font, *latin_font;
};

/* Readable pages are tables with lines unless `kinds` asks for others too. */
enum page_choice { CHOOSE_TABLES, CHOOSE_BORDERLESS, CHOOSE_UNREADABLE };
void page_make(struct page *page, uint64_t seed, enum page_choice choice);
bool page_is_readable(const struct page *page);

/* The page as printed, white paper. `scale` px per point. */
cairo_surface_t *page_draw(const struct page *page, double scale);

/* The page as photographed: JPEG in malloc'ed memory. `clean`: flat, sharp, evenly lit. */
unsigned char *page_photograph(const struct page *page, bool clean, size_t *size);

/* The truth as JSON on `out`. */
void page_write_truth(const struct page *page, FILE *out);

/* ---- word lists (page_words.c) ---- */

struct drug { const char *name, *strengths, *form; }; /* strengths separated by '|' */
extern const struct drug page_drugs[];
extern const int page_drug_count;
extern const char *const page_khmer_fonts[], *const page_latin_fonts[], *const page_diagnoses[];
extern const int page_khmer_font_count, page_latin_font_count, page_diagnosis_count;
const char *page_hospital(struct rng *rng, enum language language);
const char *page_doctor(struct rng *rng, enum language language);
const char *page_patient(struct rng *rng, enum language language);
/* The printed unit of a form. */
const char *page_unit(struct rng *rng, enum language language, const char *form);
/* Sets `meal` and returns the words for it. */
const char *page_meal(struct rng *rng, enum language language, char *meal);
const char *page_as_needed(struct rng *rng, enum language language);

#endif
