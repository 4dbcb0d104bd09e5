# make bench: figures of the running system beside PostgreSQL's and nginx's own, in one run.
.PHONY: bench
$(BUILD)/tests/bench/load: $(BUILD)/tests/bench/load.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@
bench: all $(BUILD)/tests/bench/load
	@tests/bench/run
