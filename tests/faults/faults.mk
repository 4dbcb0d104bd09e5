# What breaks under load, against the stack at $DASTERN_URL whose state is in $DASTERN_VAR.
#   make faults          the figures that are promised         make faults-brief   a short form, for every test run
#   make calls           each system call failed once          make calls-brief    (the stack's executables: make failing)
FAULTS_SRC := $(sort $(wildcard tests/faults/*.c))
FAULTS_OBJ := $(FAULTS_SRC:%.c=$(BUILD)/%.o)
FAULTS_BIN := $(BUILD)/tests/faults/faults

.PHONY: faults faults-brief failing calls calls-brief
# The pictures are photographs of generated pages (tests/ocr).
FAULTS_PAGE_OBJ := $(patsubst %,$(BUILD)/tests/ocr/%.o,page_words page_model page_draw page_camera)
FAULTS_DRAWING := $(shell pkg-config --cflags-only-I pangocairo 2>/dev/null | sed 's/-I/-isystem /g')
$(FAULTS_OBJ): CPPFLAGS += -Itests/api/lib -Itests/api/prescriptions -Itests/ocr $(FAULTS_DRAWING)
$(FAULTS_BIN): $(FAULTS_OBJ) $(FAULTS_PAGE_OBJ) $(API_LIB_OBJ) $(LIBRARY)
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) $(OCR_LIBS) -lcmocka -o $@

# The executables once more, with system calls of their own that can be made to fail.
FAILING_BIN := $(BUILD)/failing/bin
FAILING_OBJ := $(BUILD)/tests/faults/failing/failing.o
$(FAILING_OBJ): CFLAGS += -U_FORTIFY_SOURCE
define failing_rule
$(FAILING_BIN)/$(notdir $(1:.c=)): $(1:%.c=$(BUILD)/%.o) $(FAILING_OBJ) $(BUILD)/lib$(call area_of,$(1)).a $(LIBRARY)
	@mkdir -p $$(@D)
	$$(call say,LD $$@)
	$(Q)$(CC) $(LDFLAGS) -rdynamic $$^ $(LIBS) -o $$@
endef
$(foreach m,$(MAIN_SRC),$(eval $(call failing_rule,$(m))))
failing: $(BINARIES:$(BUILD)/bin/%=$(FAILING_BIN)/%)

faults: $(FAULTS_BIN)
	$< kills=20 rolls=10 postgres=3 frozen=2 redis=1 slow=1000 readers=3 crashes=2 stalls=1 disks=1 streams=5
faults-brief: $(FAULTS_BIN)
	$< kills=6 rolls=2 postgres=1 frozen=1 redis=1 readers=1 crashes=1 disks=1 streams=1

# Against a stack of those executables, which have the file $DASTERN_FAILING_CALLS in common with the test.
calls: $(FAULTS_BIN)
	$< calls=12
calls-brief: $(FAULTS_BIN)
	$< calls=2

-include $(FAULTS_OBJ:.o=.d) $(FAILING_OBJ:.o=.d)
