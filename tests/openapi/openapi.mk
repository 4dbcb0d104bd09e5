# The contract: the document lints clean and says what is served.
#   make openapi-test
.PHONY: openapi-test
openapi-test: www $(BINARIES)
	tests/npm/node_modules/.bin/redocly lint --config tests/openapi/redocly.yaml $(WWW)/api/v1/openapi.json
	node tests/openapi/contract_test.mjs $(WWW)/api/v1/openapi.json $(BUILD)/bin
