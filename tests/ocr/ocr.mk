# Generated prescription pages, and the bench that reads them.
OCR_DRAWING := $(shell pkg-config --cflags-only-I pangocairo 2>/dev/null | sed 's/-I/-isystem /g')
$(BUILD)/tests/ocr/%.o: CPPFLAGS += $(OCR_DRAWING)
OCR_PAGE_OBJ := $(patsubst %,$(BUILD)/tests/ocr/%.o,page_words page_model page_draw page_camera)
OCR_PAGE_LIBS := $(shell pkg-config --libs pangocairo lept 2>/dev/null) -lm

$(BUILD)/tests/ocr/page: $(BUILD)/tests/ocr/page_main.o $(OCR_PAGE_OBJ)
	$(CC) $(LDFLAGS) $^ $(OCR_PAGE_LIBS) -o $@

-include $(wildcard $(BUILD)/tests/ocr/*.d)
