# make; make test; make bench; make install PREFIX=/usr/local. Two builds with different CC
# and BUILD live side by side.

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
PREFIX ?= /usr/local

# gcc tells on 32-bit x86 that an alignment changed in its version 11: no psabi.
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Werror -Wno-psabi
# Fortified headers would replace the functions that are wrapped here.
SHIM_CFLAGS = -std=gnu11 -D_GNU_SOURCE -U_FORTIFY_SOURCE -fPIC -fvisibility=hidden -Ishim $(WARNINGS)
# Bound at load: no symbol is looked up inside a signal handler. Code and constants
# in one segment: two mappings less at every start of every program. Never unloaded, by
# dlclose() neither: the kernel knows its handler of SIGPIPE.
SHIM_LDFLAGS = -shared -Wl,-soname,libsockshim.so -Wl,-z,now -Wl,-z,relro \
	-Wl,-z,nodelete -Wl,-z,noseparate-code -Wl,--no-undefined -Wl,--as-needed

# Those with long buffers come last, and in this order, so that what each start writes to lies
# on few pages.
WITH_BUFFERS := $(addprefix shim/,log/find.c start/start.c base/settings.c base/hint.c \
	layers/recording.c log/rotate.c log/recorder_file.c observe/resolved.c)
# What a record runs through lies side by side, on half as many pages: between two records a busy
# program has the processor's caches forget all of it.
RECORD_PATH := $(addprefix shim/,force/nodelay.c calls/socket.c calls/recv.c calls/send.c calls/descriptor.c \
	base/memory.c base/text.c base/calendar.c base/clock.c base/process.c base/address.c base/ask.c \
	failure/closing.c observe/quiet.c failure/failed.c log/log.c log/write.c log/use.c log/keep.c log/file.c \
	observe/observe.c observe/tcp.c observe/arguments.c observe/site.c observe/by_errno.c \
	tell/record.c tell/record_socket.c tell/keys.c tell/say.c tell/type.c \
	tell/cause.c tell/cause_of_zero.c tell/why_end.c tell/wanted.c base/names.c)
SOURCES := $(RECORD_PATH) \
	$(filter-out $(RECORD_PATH) $(WITH_BUFFERS),shim/door.c $(wildcard shim/*/*.c)) $(WITH_BUFFERS)
HEADERS := $(wildcard shim/*/*.h shim/*/*/*.h)
OBJECTS := $(SOURCES:shim/%.c=$(BUILD)/shim/%.o)
PROGRAM_SOURCES := $(wildcard tests/programs/*.c)
PROGRAMS := $(PROGRAM_SOURCES:tests/programs/%.c=$(BUILD)/programs/%) $(BUILD)/programs/transparent $(BUILD)/programs/trials
LIFE_SOURCES := $(wildcard tests/life/*.c)
TRIALS_SOURCES := $(wildcard tests/trials/*.c)
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNITS := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)
# Without memory.c, whose names a program has already, and a sanitizer watches.
PURE_SOURCES := $(filter-out shim/base/memory.c,$(wildcard shim/base/*.c shim/tell/*.c))

LAUNCHER_SOURCES := $(wildcard scripts/launcher/*.c)
LAUNCHER_HEADERS := $(wildcard scripts/launcher/*.h)
LAUNCHER_OBJECTS := $(LAUNCHER_SOURCES:scripts/launcher/%.c=$(BUILD)/launcher/%.o)
LAUNCHER_SHARED := $(BUILD)/shim/start/unwritable.o $(BUILD)/shim/base/names.o

RECORDER_SOURCES := $(wildcard scripts/recorder/*.c)
RECORDER_HEADERS := $(wildcard scripts/recorder/*.h)

COMPLETIONS = $(BUILD)/completions/sockshim.bash $(BUILD)/completions/sockshim.zsh $(BUILD)/completions/sockshim.fish

all: $(BUILD)/libsockshim.so $(BUILD)/tables.txt $(BUILD)/sockshim-run $(BUILD)/sockshim-recorder $(COMPLETIONS)

$(BUILD)/libsockshim.so: $(OBJECTS)
	$(CC) $(CFLAGS) $(SHIM_LDFLAGS) $(LDFLAGS) -o $@ $(OBJECTS)

# What runs at start, on request or rarely: small rather than quick, so that all of it is on fewer
# pages. Not log/find.c, whose major() is inline only where it is to be quick; nor
# failure/handled.c, which takes more stack when it is small.
SMALL := shim/door.c $(filter-out shim/layers/recording.c,$(wildcard shim/layers/*.c)) $(wildcard shim/start/*.c) \
	$(addprefix shim/base/,apart.c handling.c names.c nearest.c next.c object.c setting_rows.c settings.c) \
	$(addprefix shim/calls/,print.c resolve.c) shim/failure/unresolved.c \
	$(addprefix shim/log/,change.c keep.c recorder_file.c rotate.c) shim/observe/resolved.c \
	$(addprefix shim/tell/,recorded.c why_argument.c why_close.c why_connect.c why_handled.c why_limit.c why_reset.c why_resolve.c)
$(SMALL:shim/%.c=$(BUILD)/shim/%.o): override CFLAGS := $(CFLAGS:-O2=-Os)

# What each call, or each connection, runs through is on as few lines of the processor's cache as it
# can be.
AT_EACH_CALL := $(wildcard shim/calls/*.c) \
	$(addprefix shim/,base/hint.c failure/closing.c failure/failed.c force/nodelay.c)
$(AT_EACH_CALL:shim/%.c=$(BUILD)/shim/%.o): override CFLAGS += -falign-functions=64

$(BUILD)/shim/%.o: shim/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) $(CFLAGS) -c -o $@ $<

# What a shell cannot do of `sockshim run` and `sockshim check`.
$(BUILD)/sockshim-run: $(LAUNCHER_OBJECTS) $(LAUNCHER_SHARED)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(LAUNCHER_OBJECTS) $(LAUNCHER_SHARED)

$(BUILD)/launcher/%.o: scripts/launcher/%.c $(LAUNCHER_HEADERS) shim/base/ring.h shim/base/tally_page.h shim/start/unwritable.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Ishim $(WARNINGS) $(CFLAGS) -c -o $@ $<

# What reads a recorder's file, with the code that composes the log's lines.
$(BUILD)/sockshim-recorder: $(RECORDER_SOURCES) $(RECORDER_HEADERS) $(PURE_SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) -D_FILE_OFFSET_BITS=64 $(CFLAGS) $(LDFLAGS) -o $@ $(RECORDER_SOURCES) $(PURE_SOURCES)

# The tables of the source as lines, for everybody else who needs them: tests,
# documents, the command. Its compiler makes programs for this machine, whatever
# the object is for.
HOSTCC ?= cc
$(BUILD)/tables.txt: scripts/tables.c $(PURE_SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	$(HOSTCC) $(SHIM_CFLAGS) -O1 -o $(BUILD)/tables scripts/tables.c $(PURE_SOURCES)
	$(BUILD)/tables >$@.new && mv $@.new $@

# From the subcommands' help and the tables.
$(BUILD)/completions/sockshim.%: $(BUILD)/tables.txt $(wildcard scripts/completions/* scripts/lib/*.sh scripts/lib/commands/*.sh scripts/lib/topics/*) scripts/sockshim
	@mkdir -p $(@D)
	BUILD=$(abspath $(BUILD)) scripts/completions/generate $* >$@.new && mv $@.new $@

# What the tests run: victims and villains, one file each but for transparent and trials.
programs: $(PROGRAMS)

$(BUILD)/programs/%: tests/programs/%.c $(wildcard tests/programs/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $(PROGRAM_FLAGS) -o $@ $< -pthread

$(BUILD)/programs/transparent: $(LIFE_SOURCES) tests/life/life.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $(PROGRAM_FLAGS) -o $@ $(LIFE_SOURCES) -pthread

$(BUILD)/programs/trials: $(TRIALS_SOURCES) tests/trials/trials.h tests/programs/pass.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) $(PROGRAM_FLAGS) -o $@ $(TRIALS_SOURCES) -pthread

# The pure parts, fed by hand. They print TAP.
unit: $(UNITS)

$(BUILD)/unit/%: tests/unit/%.c tests/unit/tap.h $(SOURCES) $(HEADERS) $(RECORDER_SOURCES) $(RECORDER_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(SHIM_CFLAGS) $(CFLAGS) -Wno-override-init -o $@ $< $(PURE_SOURCES)

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

$(BUILD)/fuzz/%: tests/fuzz/%.c $(wildcard tests/fuzz/*.h) $(RECORDER_SOURCES) $(RECORDER_HEADERS) $(SOURCES) $(HEADERS)
	@mkdir -p $(@D)
	clang $(SHIM_CFLAGS) -O2 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(PURE_SOURCES)

SCRIPTS = $(shell grep -lE '^\#!/bin/(sh|bash)' scripts/* scripts/completions/* scripts/recipes/* .ci/run 2>/dev/null)

TEXTS = README.md .github scripts shim Makefile tests

lint: all
	BUILD=$(BUILD) tests/house
	clang-format --dry-run --Werror $(SOURCES) $(HEADERS) scripts/tables.c $(LAUNCHER_SOURCES) \
		$(LAUNCHER_HEADERS) $(RECORDER_SOURCES) $(RECORDER_HEADERS) $(PROGRAM_SOURCES) $(LIFE_SOURCES) $(TRIALS_SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES) \
		$(wildcard tests/*/*.h tests/bench/*.c)
	clang-tidy --quiet $(SOURCES) $(LAUNCHER_SOURCES) $(RECORDER_SOURCES) -- -std=gnu11 -D_GNU_SOURCE -Ishim
	cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
		--suppress=missingIncludeSystem --suppress=CastIntegerToAddressAtReturn --error-exitcode=1 -D__x86_64__ -D__GLIBC__ -D_GNU_SOURCE '-DElfW(type)=Elf64_##type' -Ishim \
		$(SOURCES) $(LAUNCHER_SOURCES) $(RECORDER_SOURCES)
	shellcheck $(SCRIPTS) tests/sanitize
	shellcheck -s sh -e SC1091,SC2034,SC2154 $(wildcard tests/bench/*.sh)
	shellcheck -s sh -x -a -P scripts/lib -e SC1091 \
		$(filter-out scripts/lib/filter.sh,$(wildcard scripts/lib/*.sh scripts/lib/*/*.sh))
	codespell --ignore-words-list nd,ans,fro,reprot,folow,pyhton,missings $(TEXTS)
	for page in scripts/man/*; do \
		mandoc -T lint -W style $$page 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db' && exit 1; \
	done; true
	shellcheck -S warning -s bash -e SC2034,SC2120,SC2154,SC2164 $(wildcard tests/*.bash tests/*.bats)

INSTALL_LIB = $(DESTDIR)$(PREFIX)/lib/sockshim
INSTALL_MAN = $(DESTDIR)$(PREFIX)/share/man
INSTALL_BASH = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sockshim
INSTALL_ZSH = $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sockshim
INSTALL_FISH = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sockshim.fish
INSTALL_DOC = $(DESTDIR)$(PREFIX)/share/doc/sockshim
RECIPES := $(wildcard scripts/recipes/*)
LIB_FILES := $(patsubst scripts/lib/%,%,$(wildcard scripts/lib/*.* scripts/lib/*/*.*))

install: all
	@case '$(PREFIX)' in \
	*[:\ ]*) echo 'PREFIX=$(PREFIX): LD_PRELOAD cannot contain a space or a colon; choose another one' >&2 && exit 2 ;; \
	/*) ;; \
	*) echo 'PREFIX=$(PREFIX): it has to begin with a slash' >&2 && exit 2 ;; \
	esac
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(INSTALL_LIB)"
	install -m 755 scripts/sockshim "$(DESTDIR)$(PREFIX)/bin/sockshim"
	install -m 644 $(BUILD)/libsockshim.so $(BUILD)/tables.txt "$(INSTALL_LIB)"
	install -m 755 $(BUILD)/sockshim-run $(BUILD)/sockshim-recorder "$(INSTALL_LIB)"
# A subcommand or topic of another version would be one of this one's.
	rm -rf "$(INSTALL_LIB)/commands" "$(INSTALL_LIB)/topics"
	for file in $(LIB_FILES); do \
		install -D -m 644 "scripts/lib/$$file" "$(INSTALL_LIB)/$$file" || exit; \
	done
	install -D -m 644 $(BUILD)/completions/sockshim.bash "$(INSTALL_BASH)"
	install -D -m 644 $(BUILD)/completions/sockshim.zsh "$(INSTALL_ZSH)"
	install -D -m 644 $(BUILD)/completions/sockshim.fish "$(INSTALL_FISH)"
	rm -rf "$(INSTALL_DOC)"
	for file in $(RECIPES); do \
		install -D -m $$(if [ -x "$$file" ]; then echo 755; else echo 644; fi) "$$file" \
			"$(INSTALL_DOC)/recipes/$${file##*/}" || exit; \
	done
	install -d "$(INSTALL_MAN)/man1" "$(INSTALL_MAN)/man7"
	install -m 644 scripts/man/sockshim.1 "$(INSTALL_MAN)/man1"
	install -m 644 scripts/man/libsockshim.7 "$(INSTALL_MAN)/man7"

# A Debian package, in $(BUILD).
deb: all
	BUILD=$(BUILD) scripts/deb

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/sockshim"
	rm -rf "$(INSTALL_LIB)"
	rm -rf "$(INSTALL_DOC)"
	rm -f "$(INSTALL_BASH)" "$(INSTALL_ZSH)" "$(INSTALL_FISH)"
	rm -f "$(INSTALL_MAN)/man1/sockshim.1" "$(INSTALL_MAN)/man7/libsockshim.7"

clean:
	rm -rf $(BUILD)

.PHONY: all deb programs unit test bench sanitize fuzz lint install uninstall clean
