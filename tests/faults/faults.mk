# What breaks under load, against the stack at $DASTERN_URL whose state is in $DASTERN_VAR.
#   make faults          the figures that are promised         make faults-brief   a short form, for every test run
FAULTS_SRC := $(sort $(wildcard tests/faults/*.c))
FAULTS_OBJ := $(FAULTS_SRC:%.c=$(BUILD)/%.o)
FAULTS_BIN := $(BUILD)/tests/faults/faults

.PHONY: faults faults-brief
# The pictures are photographs of generated pages (tests/ocr).
FAULTS_PAGE_OBJ := $(patsubst %,$(BUILD)/tests/ocr/%.o,page_words page_model page_draw page_camera)
FAULTS_DRAWING := $(shell pkg-config --cflags-only-I pangocairo 2>/dev/null | sed 's/-I/-isystem /g')
$(FAULTS_OBJ): CPPFLAGS += -Itests/api/lib -Itests/api/prescriptions -Itests/ocr $(FAULTS_DRAWING)
$(FAULTS_BIN): $(FAULTS_OBJ) $(FAULTS_PAGE_OBJ) $(API_LIB_OBJ) $(LIBRARY)
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) $(OCR_LIBS) -lcmocka -o $@

faults: $(FAULTS_BIN)
	$< kills=20 rolls=10 postgres=3 frozen=2 redis=1 slow=1000 readers=3 crashes=2 stalls=1 disks=1 streams=5
faults-brief: $(FAULTS_BIN)
	$< kills=6 rolls=2 postgres=1 frozen=1 redis=1 readers=1 crashes=1 disks=1 streams=1

-include $(FAULTS_OBJ:.o=.d)
