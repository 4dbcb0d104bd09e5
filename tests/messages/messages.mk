# Every code has its words in every language.
#   make messages-test
.PHONY: messages-test
messages-test:
	@tests/messages/catalogue_test.sh
