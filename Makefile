# make; make test; make bench; make install PREFIX=/usr/local. Two builds with different CC
# and BUILD live side by side.

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
PREFIX ?= /usr/local

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror
# Fortified headers would replace the functions that are wrapped here.
SHIM_CFLAGS = -std=gnu11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden $(WARNINGS)
# Bound at load: no symbol is looked up inside a signal handler. Code and constants
# in one segment: two mappings less at every start of every program.
SHIM_LDFLAGS = -shared -Wl,-soname,libsockshim.so -Wl,-z,now -Wl,-z,relro \
	-Wl,-z,noseparate-code -Wl,--no-undefined \
	-Wl,--version-script=shim/sockshim.map -Wl,--as-needed

SOURCES := $(wildcard shim/*.c shim/calls/*.c)
HEADERS := $(wildcard shim/*.h shim/calls/*.h)
OBJECTS := $(SOURCES:shim/%.c=$(BUILD)/shim/%.o)
PROGRAM_SOURCES := $(wildcard tests/programs/*.c)
PROGRAMS := $(PROGRAM_SOURCES:tests/programs/%.c=$(BUILD)/programs/%)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNITS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)
PURE_SOURCES = shim/address.c shim/cause.c shim/config.c shim/names.c shim/record.c shim/text.c \
	shim/process.c shim/next.c

LAUNCHER_SOURCES := $(wildcard scripts/launcher/*.c)
LAUNCHER_HEADERS := $(wildcard scripts/launcher/*.h)
LAUNCHER_OBJECTS := $(LAUNCHER_SOURCES:scripts/launcher/%.c=$(BUILD)/launcher/%.o)

all: $(BUILD)/libsockshim.so $(BUILD)/sockshim-run

$(BUILD)/libsockshim.so: $(OBJECTS) shim/sockshim.map
	$(CC) $(CFLAGS) $(SHIM_LDFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) -ldl

$(BUILD)/shim/%.o: shim/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) $(CFLAGS) -c -o $@ $<

# What a shell cannot do of `sockshim run` and `sockshim check`.
$(BUILD)/sockshim-run: $(LAUNCHER_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(LAUNCHER_OBJECTS)

$(BUILD)/launcher/%.o: scripts/launcher/%.c $(LAUNCHER_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARNINGS) $(CFLAGS) -c -o $@ $<

# What the tests run: victims and villains, one file each.
programs: $(PROGRAMS)

$(BUILD)/programs/%: tests/programs/%.c $(wildcard tests/programs/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $(PROGRAM_FLAGS) -o $@ $< -pthread

# The pure parts, fed by hand. They print TAP.
unit: $(UNITS)

$(BUILD)/unit/%: tests/unit/%.c tests/unit/tap.h $(SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) $(CFLAGS) -Ishim -Wno-override-init -o $@ $< $(PURE_SOURCES) -ldl

test:
	scripts/test

# What it costs on this machine: three to four minutes.
bench:
	BUILD=$(BUILD) scripts/bench

# Unit and program tests under three sanitizers: clang's.
sanitize:
	BUILD=$(BUILD) tests/sanitize

# libFuzzer: RUNS executions of each target, the same ones every time; another
# SEED for others.
RUNS ?= 100000
SEED ?= 1
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)

fuzz: $(FUZZERS)
	for fuzzer in $(FUZZERS); do \
		$$fuzzer -runs=$(RUNS) -seed=$(SEED) -max_len=4096 -timeout=25 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$$fuzzer- || exit; \
	done

$(BUILD)/fuzz/%: tests/fuzz/%.c $(wildcard tests/fuzz/*.h) $(SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	clang $(SHIM_CFLAGS) -O2 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ishim -o $@ $< $(PURE_SOURCES) -ldl

SCRIPTS = $(shell grep -lE '^\#!/bin/(sh|bash)' scripts/* .ci/run 2>/dev/null)

lint:
	clang-format --dry-run --Werror $(SOURCES) $(HEADERS) $(PROGRAM_SOURCES) $(UNIT_SOURCES) \
		$(LAUNCHER_SOURCES) $(LAUNCHER_HEADERS) $(FUZZ_SOURCES) $(wildcard tests/*/*.h tests/bench/*.c)
	clang-tidy --quiet $(SOURCES) $(LAUNCHER_SOURCES) -- -std=gnu11 -D_GNU_SOURCE
	cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem --suppress=CastIntegerToAddressAtReturn --error-exitcode=1 -D__x86_64__ -D__GLIBC__ -D_GNU_SOURCE \
		$(SOURCES) $(LAUNCHER_SOURCES)
	shellcheck $(SCRIPTS) tests/sanitize
	shellcheck -s sh -e SC1091,SC2034,SC2154 $(wildcard scripts/lib/*.sh tests/bench/*.sh)
	shellcheck -S warning -s bash -e SC2034,SC2120,SC2154,SC2164 $(wildcard tests/*.bash tests/*.bats)

INSTALL_LIB = $(DESTDIR)$(PREFIX)/lib/sockshim
INSTALL_MAN = $(DESTDIR)$(PREFIX)/share/man

install: all
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(INSTALL_LIB)"
	install -m 755 scripts/sockshim "$(DESTDIR)$(PREFIX)/bin/sockshim"
	install -m 644 $(BUILD)/libsockshim.so scripts/lib/* "$(INSTALL_LIB)"
	install -m 755 $(BUILD)/sockshim-run "$(INSTALL_LIB)"
	install -d "$(INSTALL_MAN)/man1" "$(INSTALL_MAN)/man7"
	install -m 644 scripts/man/sockshim.1 "$(INSTALL_MAN)/man1"
	install -m 644 scripts/man/libsockshim.7 "$(INSTALL_MAN)/man7"

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/sockshim"
	rm -rf "$(INSTALL_LIB)"
	rm -f "$(INSTALL_MAN)/man1/sockshim.1" "$(INSTALL_MAN)/man7/libsockshim.7"

clean:
	rm -rf $(BUILD)

.PHONY: all programs unit test bench sanitize fuzz lint install uninstall clean
