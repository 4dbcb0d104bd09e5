# Unit tests: what some of them need beyond the library.
$(UNIT_BIN:%=%.o): CPPFLAGS += -Itests/unit
# GMime reads what we write, and writes what we read.
GMIME_TESTS := $(addprefix $(BUILD)/tests/unit/,shared/http/multipart_gmime_test modules/notifications/mail_test)
$(GMIME_TESTS:%=%.o): CPPFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I gmime-3.0 2>/dev/null))
$(GMIME_TESTS): UNIT_LIBS := $(shell pkg-config --libs gmime-3.0 2>/dev/null)
# libjwt is a second opinion on signatures; nothing else uses it.
$(BUILD)/tests/unit/shared/access/es256_test: UNIT_LIBS := -ljwt
# Runs the program itself.
GIVE_WAY_TEST := $(BUILD)/tests/unit/modules/prescriptions/give_way_test
$(GIVE_WAY_TEST).o: CPPFLAGS += -DOCR_WORKER='"$(BUILD)/bin/ocr_worker"'
$(GIVE_WAY_TEST): | $(BUILD)/bin/ocr_worker
