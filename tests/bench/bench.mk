# make bench: figures of the running system beside PostgreSQL's and nginx's own, in one run.
.PHONY: bench
$(BUILD)/tests/bench/load: $(BUILD)/tests/bench/load.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@
bench: all $(BUILD)/tests/bench/load
	@tests/bench/run
# Reading at full tilt: pages a minute, and what the API's clients feel of it.
.PHONY: bench-ocr-load
bench-ocr-load: all $(BUILD)/tests/bench/load $(BUILD)/tests/ocr/page
	@tests/bench/ocr-load
