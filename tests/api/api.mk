# Tests against a running stack: tests/api/<area>/<topic>_test.c becomes build/tests/api/<area>/<topic>_test.
#   make api-build                                              compile them
#   make api-test DASTERN_URL=http://127.0.0.1:8080 [AREA=auth] run all, or those of one area
API_LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/api/lib/*.c)))
API_SRC := $(sort $(wildcard tests/api/*/*_test.c))
API_BIN := $(API_SRC:%.c=$(BUILD)/%)
API_RUN := $(if $(AREA),$(filter $(BUILD)/tests/api/$(AREA)/%,$(API_BIN)),$(API_BIN))

.PHONY: api-build api-test
api-build: $(API_BIN)

# Other .c files of its folder are linked to each test there.
api_own = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %_test.c,$(wildcard $(dir $(1))*.c)))
API_OWN_OBJ := $(sort $(foreach t,$(API_SRC),$(call api_own,$(t))))
$(API_LIB_OBJ) $(API_OWN_OBJ) $(API_BIN:%=%.o): CPPFLAGS += -Itests/api/lib
# A test below tests/api/<area>/ gets that area's archive too, for what only it can compute (a one-time code, say).
api_area = $(filter $(BUILD)/lib$(word 3,$(subst /, ,$(1))).a,$(AREA_LIBRARIES))
define api_rule
$(BUILD)/$(1:.c=): $(BUILD)/$(1:.c=).o $(call api_own,$(1)) $(API_LIB_OBJ) $(call api_area,$(1)) $(LIBRARY)
	$$(call say,LD $$@)
	$$(Q)$$(CC) $$(LDFLAGS) $$^ $$(LIBS) $$(API_LIBS) -lcmocka -o $$@
endef
$(foreach t,$(API_SRC),$(eval $(call api_rule,$(t))))

# DASTERN_TEST_BIN: whose routes the tests of tests/api/matrix go through.
api-test: export DASTERN_TEST_BIN := $(BUILD)/bin
api-test: api-build $(BINARIES)
	@failed=; for t in $(API_RUN); do echo "== $$t"; began=$$(date +%s); $$t || failed="$$failed $$t"; \
	  echo "== $$(($$(date +%s) - began)) s"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

-include $(API_LIB_OBJ:.o=.d) $(API_OWN_OBJ:.o=.d) $(API_BIN:%=%.d)
