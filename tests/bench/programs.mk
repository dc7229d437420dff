# What scripts/bench runs; read after the Makefile: make -f Makefile -f this.

BENCH_OBJECTS = $(BUILD)/bench/empty.so $(BUILD)/bench/least.so
BENCH_PROGRAMS := $(filter-out empty least,$(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c)))

bench-programs: all $(BENCH_PROGRAMS:%=$(BUILD)/bench/%) $(BENCH_OBJECTS)

$(BUILD)/bench/%: tests/bench/%.c tests/bench/bench.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) -o $@ $< -ldl

$(BUILD)/bench/%.so: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -Wall -Wextra -shared -fPIC $(CFLAGS) -o $@ $< -ldl

# With the shim itself in it.
$(BUILD)/bench/parts: tests/bench/parts.c tests/bench/bench.h $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) $(CFLAGS) -o $@ $< $(OBJECTS) -ldl

.PHONY: bench-programs
