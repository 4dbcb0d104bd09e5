# One non-recursive Makefile. A folder modules/<area>/ with <area>.c is an area: its executable, its *_worker.c
# executables and its queries.sql are found by themselves. Everything built goes to $(BUILD).
#   make            all executables            make unit       unit tests          make check-sql  statements against the schema
#   make SANITIZE=address|thread …  a second tree under build/<sanitizer>          make bench      figures
CC = gcc
# V=1 shows whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)")
BUILD_ROOT := build
ifdef SANITIZE
BUILD := $(BUILD_ROOT)/$(SANITIZE)
else
BUILD := $(BUILD_ROOT)
endif
GEN := $(BUILD)/gen

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero -fPIE
ifeq ($(SANITIZE),address)
MODE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifeq ($(SANITIZE),thread)
MODE := -O1 -fsanitize=thread -fno-omit-frame-pointer
else
MODE := -O2 -D_FORTIFY_SOURCE=3
endif
# Third-party headers are system headers: our warnings are about our code.
PACKAGES := libpq jansson hiredis lept tesseract libarchive libargon2 libcurl libseccomp libqrencode
SYSTEM_INCLUDES := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I $(PACKAGES) 2>/dev/null))
CPPFLAGS := -D_GNU_SOURCE -Ishared -I$(GEN) $(SYSTEM_INCLUDES) $(CPPFLAGS_EXTRA)
CFLAGS := -std=c11 -g $(MODE) $(WARN) $(HARDEN) -MMD -MP $(CFLAGS_EXTRA)
LDFLAGS := -pie -pthread -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(filter -fsanitize%,$(MODE))
LIBS := -lfcgi $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lcrypto -lm

# --- what there is -----------------------------------------------------------------------------------------------
AREAS := $(sort $(foreach d,$(wildcard modules/*/),$(if $(wildcard $(d)$(notdir $(d:%/=%)).c),$(notdir $(d:%/=%)))))
WORKER_SRC := $(sort $(wildcard modules/*/*_worker.c))
MAIN_SRC := $(foreach a,$(AREAS),modules/$(a)/$(a).c) $(WORKER_SRC)
SHARED_SRC := $(sort $(wildcard shared/*/*.c))
AREA_SRC := $(filter-out $(MAIN_SRC),$(sort $(shell find modules -name '*.c')))
QUERIES := $(sort $(wildcard shared/*/queries.sql modules/*/queries.sql))
SQL_SRC := $(foreach q,$(QUERIES),$(GEN)/$(notdir $(patsubst %/,%,$(dir $(q))))_sql.c)
GEN_HEADERS := $(SQL_SRC:.c=.h)
SHARED_SQL := $(patsubst shared/%/queries.sql,%,$(filter shared/%,$(QUERIES)))
SHARED_GEN_SRC := $(SHARED_SQL:%=$(GEN)/%_sql.c) $(GEN)/messages.c

BINARIES := $(foreach a,$(AREAS),$(BUILD)/bin/$(a)) $(foreach w,$(WORKER_SRC),$(BUILD)/bin/$(notdir $(w:.c=)))
LIBRARY := $(BUILD)/libdastern.a

.PHONY: all unit check-sql clean fuzz-brief
.SECONDARY:
all: $(BINARIES)

# --- generated sources -------------------------------------------------------------------------------------------
define sql_rule
$(GEN)/$(notdir $(patsubst %/,%,$(dir $(1))))_sql.c: $(1) scripts/embed-sql.awk
	@mkdir -p $$(@D)
	$(Q)awk -v part=source -v unit=$(notdir $(patsubst %/,%,$(dir $(1)))) -f scripts/embed-sql.awk $$< > $$@.tmp && mv $$@.tmp $$@
$(GEN)/$(notdir $(patsubst %/,%,$(dir $(1))))_sql.h: $(1) scripts/embed-sql.awk
	@mkdir -p $$(@D)
	$(Q)awk -v part=header -v unit=$(notdir $(patsubst %/,%,$(dir $(1)))) -f scripts/embed-sql.awk $$< > $$@.tmp && mv $$@.tmp $$@
endef
$(foreach q,$(QUERIES),$(eval $(call sql_rule,$(q))))

$(GEN)/messages.c: shared/http/messages.tsv scripts/embed-messages.awk
	@mkdir -p $(@D)
	$(Q)LC_ALL=C sort $< | LC_ALL=C awk -f scripts/embed-messages.awk > $@.tmp && mv $@.tmp $@

# --- objects, one library, executables -----------------------------------------------------------------------------
$(BUILD)/%.o: %.c | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(GEN)/%.o: $(GEN)/%.c | $(GEN_HEADERS)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# An archive for shared/ and one for each area's own files: the linker takes only what an executable refers to, and
# --as-needed drops the libraries it then does not use.
SHARED_OBJ := $(SHARED_SRC:%.c=$(BUILD)/%.o) $(patsubst %,$(GEN)/%_sql.o,$(SHARED_SQL)) $(GEN)/messages.o
area_obj = $(patsubst %.c,$(BUILD)/%.o,$(filter modules/$(1)/%,$(AREA_SRC))) \
           $(if $(wildcard modules/$(1)/queries.sql),$(GEN)/$(1)_sql.o)
AREA_LIBRARIES := $(AREAS:%=$(BUILD)/lib%.a)

$(LIBRARY): $(SHARED_OBJ)
define library_rule
$(BUILD)/lib$(1).a: $(call area_obj,$(1))
endef
$(foreach a,$(AREAS),$(eval $(call library_rule,$(a))))
$(LIBRARY) $(AREA_LIBRARIES):
	$(call say,AR $@)
	$(Q)rm -f $@ && ar rcs $@ $^

area_of = $(word 2,$(subst /, ,$(1)))
define binary_rule
$(BUILD)/bin/$(notdir $(1:.c=)): $(1:%.c=$(BUILD)/%.o) $(BUILD)/lib$(call area_of,$(1)).a $(LIBRARY)
	@mkdir -p $$(@D)
	$$(call say,LD $$@)
	$(Q)$(CC) $(LDFLAGS) $$^ $(LIBS) -o $$@
endef
$(foreach m,$(MAIN_SRC),$(eval $(call binary_rule,$(m))))

# --- tests ---------------------------------------------------------------------------------------------------------
UNIT_SRC := $(sort $(shell find tests/unit -name '*_test.c' 2>/dev/null))
UNIT_BIN := $(UNIT_SRC:tests/%.c=$(BUILD)/tests/%)
# A unit test below tests/unit/modules/<area>/ gets that area's archive too.
unit_area = $(if $(filter modules,$(word 3,$(subst /, ,$(1)))),$(BUILD)/lib$(word 4,$(subst /, ,$(1))).a)
define unit_rule
$(1:tests/%.c=$(BUILD)/tests/%): $(1:%.c=$(BUILD)/%.o) $(call unit_area,$(1)) $(LIBRARY)
	@mkdir -p $$(@D)
	$$(call say,LD $$@)
	$(Q)$(CC) $(LDFLAGS) $$^ $(LIBS) $$(UNIT_LIBS) -lcmocka -o $$@
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(t))))
unit: $(UNIT_BIN)
	@failed=0; for t in $(UNIT_BIN); do $$t || failed=1; done; exit $$failed

# Prepares every statement of every executable on the migrated schema (DASTERN_DB of an owner-like role).
check-sql: $(BINARIES)
	@scripts/check-sql $(BUILD)/bin

FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD_ROOT)/fuzz/%)
FUZZ_SECONDS ?= 5
# The fuzzed code is built by clang with the sanitizers and coverage, apart from the other objects.
$(BUILD_ROOT)/fuzz/%: tests/fuzz/%.c $(SHARED_SRC) $(SHARED_GEN_SRC) | $(GEN_HEADERS)
	@mkdir -p $(@D)
	$(call say,FUZZ $@)
	$(Q)clang -std=c11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined $(CPPFLAGS) \
	  $< $(SHARED_SRC) $(SHARED_GEN_SRC) $(LIBS) -pthread -o $@
fuzz-brief: $(FUZZ_BIN)
	@for f in $(FUZZ_BIN); do n=$$(basename $$f _fuzz); mkdir -p $(BUILD_ROOT)/fuzz/corpus/$$n; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -artifact_prefix=$(BUILD_ROOT)/fuzz/ \
	    $(BUILD_ROOT)/fuzz/corpus/$$n tests/fuzz/corpus/$$n > $(BUILD_ROOT)/fuzz/$$n.log 2>&1 \
	    || { tail -40 $(BUILD_ROOT)/fuzz/$$n.log; exit 1; }; \
	  echo "$$n: $$(grep -o 'number_of_executed_units: *[0-9]*' $(BUILD_ROOT)/fuzz/$$n.log)"; done

-include $(sort $(wildcard nginx/*.mk tests/*/*.mk))

clean:
	rm -rf $(BUILD_ROOT)

-include $(SHARED_OBJ:.o=.d) $(AREA_SRC:%.c=$(BUILD)/%.d) $(MAIN_SRC:%.c=$(BUILD)/%.d) $(UNIT_SRC:%.c=$(BUILD)/%.d)
