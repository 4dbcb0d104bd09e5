/* The only user of libtesseract. */
#include "engine.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tesseract/capi.h>

struct engine { TessBaseAPI *handles[TONGUE_COUNT]; };

static const char DEBIAN_TESSDATA[] = "/usr/share/tesseract-ocr/5/tessdata";

/* Without word lists: they pull drug names towards English words, and cost memory. Without its remarks on lines that are too thin
 * to be read, which are nobody's log line. */
static TessBaseAPI *open_handle(const char *folder, const char *languages)
{
    char *names[] = { "load_system_dawg", "load_freq_dawg", "load_punc_dawg", "load_number_dawg", "load_unambig_dawg", "load_bigram_dawg",
        "debug_file" };
    char *off[] = { "0", "0", "0", "0", "0", "0", "/dev/null" };
    TessBaseAPI *handle = TessBaseAPICreate();
    if (handle && TessBaseAPIInit4(handle, folder, languages, OEM_LSTM_ONLY, NULL, 0, names, off, sizeof off / sizeof *off, 0) == 0) {
        /* one reading each: no second passes over inverted pixels, no adaption from one picture to the next */
        TessBaseAPISetVariable(handle, "tessedit_do_invert", "0");
        TessBaseAPISetVariable(handle, "classify_enable_learning", "0");
        return handle;
    }
    if (handle) TessBaseAPIDelete(handle);
    return NULL;
}

struct engine *engine_new(const struct ocr_reader_options *options)
{
    static const char *const languages[TONGUE_COUNT] = { "eng", "fra", "khm+eng", "khm" };
    const char *folder = options->tessdata ? options->tessdata : DEBIAN_TESSDATA;
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine) return NULL;
    bool complete = true;
    for (int i = 0; i < TONGUE_COUNT; i++) {
        const char *from = i == TONGUE_LATIN && options->eng_best ? options->eng_best : folder;
        engine->handles[i] = open_handle(from, languages[i]);
        complete = complete && engine->handles[i];
    }
    if (complete) return engine;
    engine_free(engine);
    return NULL;
}

void engine_free(struct engine *engine)
{
    if (!engine) return;
    for (int i = 0; i < TONGUE_COUNT; i++)
        if (engine->handles[i]) TessBaseAPIDelete(engine->handles[i]);
    free(engine);
}

static TessBaseAPI *load(struct engine *engine, enum engine_tongue tongue, enum engine_shape shape, PIX *grey)
{
    TessBaseAPI *handle = engine->handles[tongue];
    TessBaseAPISetPageSegMode(handle, (TessPageSegMode)shape);
    TessBaseAPISetImage2(handle, grey);
    TessBaseAPISetSourceResolution(handle, 300);
    return handle;
}

/* Trims every line and drops empty ones. */
static void tidy_lines(char *text)
{
    char *out = text;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        text_tidy(line);
        size_t length = strlen(line);
        if (length == 0) continue;
        if (out > text) *out++ = '\n';
        memmove(out, line, length);
        out += length;
    }
    *out = '\0';
}

double engine_read(struct engine *engine, enum engine_tongue tongue, enum engine_shape shape, PIX *grey, bool lines,
                   char *out, size_t size)
{
    TessBaseAPI *handle = load(engine, tongue, shape, grey);
    char *text = TessBaseAPIGetUTF8Text(handle);
    int confidence = TessBaseAPIMeanTextConf(handle);
    out[0] = '\0';
    if (text) {
        if (lines) tidy_lines(text);
        else text_tidy(text);
        text_copy(out, size, text);
        TessDeleteText(text);
    }
    TessBaseAPIClear(handle);
    return out[0] ? confidence / 100.0 : 0;
}

int engine_words(struct engine *engine, enum engine_tongue tongue, enum engine_shape shape, PIX *grey,
                 struct engine_word *words, int max)
{
    TessBaseAPI *handle = load(engine, tongue, shape, grey);
    int count = 0, line = 0;
    if (TessBaseAPIRecognize(handle, NULL) == 0) {
        TessResultIterator *results = TessBaseAPIGetIterator(handle);
        TessPageIterator *place = results ? TessResultIteratorGetPageIterator(results) : NULL;
        if (results) do {
            int left, top, right, bottom;
            if (TessPageIteratorIsAtBeginningOf(place, RIL_TEXTLINE)) line++;
            char *text = TessResultIteratorGetUTF8Text(results, RIL_WORD);
            if (text && TessPageIteratorBoundingBox(place, RIL_WORD, &left, &top, &right, &bottom)) {
                struct engine_word *word = &words[count++];
                text_tidy(text);
                text_copy(word->text, sizeof word->text, text);
                word->confidence = TessResultIteratorConfidence(results, RIL_WORD) / 100.0;
                word->box = (struct ocr_box){ left, top, right - left, bottom - top };
                word->line = line;
            }
            if (text) TessDeleteText(text);
        } while (count < max && TessResultIteratorNext(results, RIL_WORD));
        if (results) TessResultIteratorDelete(results);
    }
    TessBaseAPIClear(handle);
    return count;
}
