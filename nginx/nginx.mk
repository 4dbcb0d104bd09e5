# What nginx serves as files: the OpenAPI document and the page to read it with.
#   make www           $(BUILD_ROOT)/www, laid out as it is served
WWW := $(BUILD_ROOT)/www
WWW_NPM := nginx/www/node_modules/.installed-lock
SWAGGER_FILES := swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css favicon-32x32.png LICENSE NOTICE

.PHONY: www
www: $(WWW)/api/v1/openapi.json $(addprefix $(WWW)/api/docs/,index.html docs.js docs.css $(SWAGGER_FILES))

# package-lock.json pins every version; node_modules keeps a copy of the lock it was made from.
$(WWW_NPM): nginx/www/package-lock.json
	cd nginx/www && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts >/dev/null
	cp $< $@

$(WWW)/api/v1/openapi.json: nginx/www/bundle.mjs nginx/www/openapi $(wildcard nginx/www/openapi/*.yaml) shared/http/messages.tsv $(WWW_NPM)
	@mkdir -p $(@D)
	node nginx/www/bundle.mjs nginx/www/openapi shared/http/messages.tsv > $@.tmp && mv $@.tmp $@

$(addprefix $(WWW)/api/docs/,$(SWAGGER_FILES)): $(WWW_NPM)
	@mkdir -p $(@D)
	cp nginx/www/node_modules/swagger-ui-dist/$(@F) $@

$(WWW)/api/docs/%: nginx/www/docs/%
	@mkdir -p $(@D)
	cp $< $@
