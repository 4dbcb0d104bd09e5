# Mail handed to a real server from the npm registry, on loopback.
#   make mail-test
MAIL_TEST := $(BUILD)/tests/mail/smtp_test

.PHONY: mail-test
$(MAIL_TEST): $(MAIL_TEST).o $(BUILD)/libnotifications.a $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@
mail-test: $(MAIL_TEST)
	$(MAIL_TEST)

-include $(MAIL_TEST).d
