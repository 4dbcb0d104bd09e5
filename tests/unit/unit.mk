# Unit tests: what some of them need beyond the library.
$(UNIT_BIN:%=%.o): CPPFLAGS += -Itests/unit
$(BUILD)/tests/unit/shared/http/multipart_gmime_test.o: CPPFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I gmime-3.0))
$(BUILD)/tests/unit/shared/http/multipart_gmime_test: UNIT_LIBS := $(shell pkg-config --libs gmime-3.0)
