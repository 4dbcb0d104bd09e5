# Mail handed to a real server from the npm registry, on loopback.
#   make mail-test
MAIL_TEST := $(BUILD)/tests/mail/smtp_test

.PHONY: mail-test
$(MAIL_TEST): $(MAIL_TEST).o $(BUILD)/libnotifications.a $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@
mail-test: $(MAIL_TEST)
	$(MAIL_TEST)

# What the outbox sends is read back by GMime.
MAIL_API_TEST := $(BUILD)/tests/api/notifications/mail_test
$(MAIL_API_TEST).o: CPPFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I gmime-3.0 2>/dev/null))
$(MAIL_API_TEST): API_LIBS := $(shell pkg-config --libs gmime-3.0 2>/dev/null)

-include $(MAIL_TEST).d
