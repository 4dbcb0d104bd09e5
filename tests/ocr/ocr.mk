# Generated prescription pages, and the bench that reads them.
#   make test-ocr     a fixed range of pages with floors on the figures; odd pages whose wrong doses must be unsure; hostile
#                     pictures (MUTANTS=2000 for the long run)
#   make bench-ocr SEEDS=1000-1199 [KIND=tables|borderless|unreadable] [LIST=1] [JOBS=2]
OCR_DRAWING := $(shell pkg-config --cflags-only-I pangocairo 2>/dev/null | sed 's/-I/-isystem /g')
$(BUILD)/tests/ocr/%.o: CPPFLAGS += $(OCR_DRAWING)
OCR_PAGE_OBJ := $(patsubst %,$(BUILD)/tests/ocr/%.o,page_words page_model page_draw page_camera)
OCR_LIBS := $(shell pkg-config --libs pangocairo lept tesseract jansson libseccomp 2>/dev/null) -lm

$(BUILD)/tests/ocr/page: $(BUILD)/tests/ocr/page_main.o $(OCR_PAGE_OBJ)
	$(CC) $(LDFLAGS) $^ $(OCR_LIBS) -o $@
$(BUILD)/tests/ocr/bench: $(BUILD)/tests/ocr/bench_main.o $(BUILD)/tests/ocr/bench_score.o $(OCR_PAGE_OBJ) $(BUILD)/libprescriptions.a
	$(CC) $(LDFLAGS) $^ $(OCR_LIBS) -o $@
$(BUILD)/tests/ocr/floors_test: $(BUILD)/tests/ocr/floors_test.o $(BUILD)/tests/ocr/bench_score.o $(OCR_PAGE_OBJ) $(BUILD)/libprescriptions.a
	$(CC) $(LDFLAGS) $^ $(OCR_LIBS) -lcmocka -o $@
$(BUILD)/tests/ocr/mutants_test: $(BUILD)/tests/ocr/mutants_test.o $(OCR_PAGE_OBJ) $(BUILD)/libprescriptions.a
	$(CC) $(LDFLAGS) $^ $(OCR_LIBS) -lcmocka -o $@
$(BUILD)/tests/ocr/odd_test: $(BUILD)/tests/ocr/odd_test.o $(BUILD)/tests/ocr/odd_page.o $(BUILD)/libprescriptions.a
	$(CC) $(LDFLAGS) $^ $(OCR_LIBS) -lcmocka -o $@
# Writes modules/prescriptions/ocr/glyph_weights.c anew; only needed when the network or its classes change.
$(BUILD)/tests/ocr/glyph_train: tests/ocr/glyph_train.c modules/prescriptions/ocr/glyph.c modules/prescriptions/ocr/glyph_weights.c $(OCR_PAGE_OBJ)
	$(CC) $(CPPFLAGS) $(OCR_DRAWING) -std=c11 -O3 -march=native -ffast-math $^ $(OCR_LIBS) -o $@

# The API's test of the whole way photographs a page by itself.
READING_TEST := $(BUILD)/tests/api/prescriptions/reading_test
$(READING_TEST).o: CPPFLAGS += -Itests/ocr $(OCR_DRAWING)
$(READING_TEST): $(OCR_PAGE_OBJ)
$(READING_TEST): API_LIBS += $(OCR_LIBS)

SEEDS ?= 1-30
KIND ?= tables
.PHONY: bench-ocr test-ocr
test-ocr: $(BUILD)/tests/ocr/floors_test $(BUILD)/tests/ocr/odd_test $(BUILD)/tests/ocr/mutants_test
	@failed=0; for t in $^; do $$t || failed=1; done; exit $$failed
bench-ocr: $(BUILD)/tests/ocr/bench
	DASTERN_OCR_LEXICON=$${DASTERN_OCR_LEXICON-database/seeds/drug_lexicon.tsv} \
	    $< --seeds $(SEEDS) --kind $(KIND) $(if $(JOBS),--jobs $(JOBS)) $(if $(LIST),--list)

-include $(wildcard $(BUILD)/tests/ocr/*.d)
