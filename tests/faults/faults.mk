# What breaks under load, against the stack at $DASTERN_URL whose state is in $DASTERN_VAR.
#   make faults          the figures that are promised         make faults-brief   a short form, for every test run
FAULTS_SRC := $(sort $(wildcard tests/faults/*.c))
FAULTS_OBJ := $(FAULTS_SRC:%.c=$(BUILD)/%.o)
FAULTS_BIN := $(BUILD)/tests/faults/faults

.PHONY: faults faults-brief
$(FAULTS_OBJ): CPPFLAGS += -Itests/api/lib
$(FAULTS_BIN): $(FAULTS_OBJ) $(API_LIB_OBJ) $(LIBRARY)
	$(call say,LD $@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@

faults: $(FAULTS_BIN)
	$< kills=20 rolls=10 postgres=3 redis=1 slow=1000
faults-brief: $(FAULTS_BIN)
	$< kills=6 rolls=2 postgres=1 redis=1

-include $(FAULTS_OBJ:.o=.d)
