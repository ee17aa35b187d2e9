# mod_pdportal. "make help" lists what there is; the README says it in words.
SHELL := /bin/sh
B := build
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr
SHAREDIR ?= $(PREFIX)/share/mod_pdportal

PORT ?= 8080
STATE ?= var/demo
DB ?= sqlite3
MPM ?= event

GOALS := $(or $(MAKECMDGOALS),all)

ifndef PACKAGES_READY
# First pass: installs what the goals need, then starts again, so that pkg-config and apxs can answer.
NEEDS_all := build
NEEDS_clean :=
NEEDS_help :=
NEEDS_packages :=
NEEDS_pot := build
NEEDS_run := build run $(if $(filter pgsql,$(DB)),pgsql)
NEEDS_test := build run test pgsql
NEEDS_units := build test
NEEDS_check := build test check
NEEDS_asan := $(NEEDS_test)
NEEDS_valgrind := build test pgsql valgrind
NEEDS_tsan := build
NEEDS_fuzz := build fuzz
NEEDS_install := build run
NEEDS_bench := build run test pgsql bench
NEEDS_e2e := build run test pgsql e2e
NEEDS := $(sort $(foreach goal,$(GOALS),$(if $(filter undefined,$(origin NEEDS_$(goal))),build,$(NEEDS_$(goal)))))

.PHONY: $(GOALS) second-pass
$(GOALS): second-pass
	@:
second-pass:
	@$(if $(NEEDS),sh conf/install-packages $(NEEDS))
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS))$(word 2,$(GOALS)),,-j$(shell nproc)) PACKAGES_READY=1 $(GOALS)

else
# Second pass. V=1 shows the commands.
Q := $(if $(V),,@)
SAY = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

PKG := libsodium libcurl jansson libcmark libidn2 libutf8proc zlib libbrotlienc liboath libqrencode libmaxminddb
# As system headers: some macros of theirs are not warning free under clang.
APR_CFLAGS := $(patsubst -I%,-isystem %,$(sort $(filter-out -I/usr/include,$(shell apr-1-config --cppflags --includes; apu-1-config --includes))))
APR_LIBS := $(shell apu-1-config --link-ld --libs 2>/dev/null) $(shell apr-1-config --link-ld --libs 2>/dev/null)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKG) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKG) 2>/dev/null)
HTTPD_CFLAGS := -isystem $(shell apxs -q INCLUDEDIR 2>/dev/null)
# httpd's headers declare the module record without visibility; what else is to be hidden, the linker hides.
GLUE_CFLAGS = $(HTTPD_CFLAGS) -fvisibility=default
LIBEXECDIR = $(shell apxs -q LIBEXECDIR)

WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror
OPT ?= -O2 -g
# SAN: instrumentation, for compiler and linker (asan, fuzz).
CFLAGS_ALL = -std=gnu11 $(OPT) -fPIC -fvisibility=hidden -fstack-protector-strong -D_GNU_SOURCE \
  $(WARN) $(SAN) $(CFLAGS) -DPD_SHAREDIR='"$(SHAREDIR)"' -Isrc $(APR_CFLAGS) $(PKG_CFLAGS)
LIBS = $(PKG_LIBS) $(APR_LIBS) -lzxcvbn -lpthread
LINK = $(CC) $(SAN) -Wl,--as-needed

CORE_ROOMS := base crypt text tmpl db portal
GLUE_ROOMS := cfg srv auth web

CORE_SRC := $(foreach room,$(CORE_ROOMS),$(wildcard src/$(room)/*.c))
GLUE_SRC := mod_pdportal.c $(foreach room,$(GLUE_ROOMS),$(wildcard src/$(room)/*.c))
CLI_SRC := $(wildcard src/cli/*.c)
HASH_SRC := $(wildcard src/hash/*.c)
CORE_OBJ := $(CORE_SRC:%.c=$(B)/%.o) $(B)/src/db/migrations.o
GLUE_OBJ := $(GLUE_SRC:%.c=$(B)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(B)/%.o)
HASH_OBJ := $(HASH_SRC:%.c=$(B)/%.o)
UNIT_SRC := $(wildcard t/unit/*/test_*.c)
UNIT_BIN := $(UNIT_SRC:t/unit/%.c=$(B)/unit/%)
STRESS_SRC := $(wildcard t/stress/*.c)
STRESS_BIN := $(STRESS_SRC:t/stress/%.c=$(B)/stress/%)
FUZZ_SRC := $(wildcard t/fuzz/fuzz_*.c)
REPLAY_BIN := $(FUZZ_SRC:t/fuzz/%.c=$(B)/replay/%)
FUZZ_BIN := $(FUZZ_SRC:t/fuzz/%.c=$(B)/libfuzzer/%)

.PHONY: all run units share test check asan fuzz valgrind tsan bench e2e pot install clean help packages
all: $(B)/mod_pdportal.so $(B)/pdportal-hash $(B)/pdportalctl share

packages:
	@sh conf/install-packages build run test pgsql bench check valgrind fuzz e2e

$(B)/libpdcore.a: $(CORE_OBJ)
	$(call SAY,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/mod_pdportal.so: $(GLUE_OBJ) $(B)/libpdcore.a src/mod_pdportal.map
	$(call SAY,LD,$@)
	$(Q)$(LINK) -shared -o $@ $(GLUE_OBJ) $(B)/libpdcore.a -Wl,--version-script=src/mod_pdportal.map -Wl,-z,relro,-z,now $(LDFLAGS) $(LIBS)

$(B)/pdportalctl: $(CLI_OBJ) $(B)/libpdcore.a
	$(call SAY,LD,$@)
	$(Q)$(LINK) -o $@ $(CLI_OBJ) $(B)/libpdcore.a -Wl,-z,relro,-z,now $(LDFLAGS) $(LIBS)

# Started for each hash, so it carries nothing that it does not need: --as-needed leaves libsodium and APR. A program
# that its user can't read can't be looked into by that user while it runs.
$(B)/pdportal-hash: $(HASH_OBJ) $(B)/libpdcore.a
	$(call SAY,LD,$@)
	$(Q)$(LINK) -o $@ $(HASH_OBJ) $(B)/libpdcore.a -Wl,-z,relro,-z,now $(LDFLAGS) $(LIBS)
	$(Q)chmod 711 $@

# Everything is compiled again when compiler or flags change.
.PHONY: force
$(B)/.flags: force
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(FLAGS)) | cmp -s - $@ || printf '%s\n' $(call quote,$(FLAGS)) > $@
FLAGS = $(CC) $(CFLAGS_ALL) $(GLUE_CFLAGS)
quote = '$(subst ','\'',$(1))'

# The core never sees an httpd header: its include path does not hold them.
$(GLUE_OBJ): EXTRA := $(GLUE_CFLAGS)
$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) $(EXTRA) -MMD -MP -c -o $@ $<

# Migrations are numbered files, carried inside the archive.
$(B)/src/db/migrations.c: $(wildcard src/db/migrations/*.sql) src/db/embed-migrations
	@mkdir -p $(@D)
	$(Q)sh src/db/embed-migrations src/db/migrations/*.sql > $@.new && mv $@.new $@
$(B)/src/db/migrations.o: $(B)/src/db/migrations.c $(B)/.flags
	$(call SAY,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# What is installed beside the module: templates as they are, catalogues compiled.
SHARE_FILES := $(patsubst templates/%,$(B)/share/%,$(filter-out templates/po/%,$(shell find templates -type f -not -name '.*' 2>/dev/null)))
CATALOGUES := $(patsubst templates/po/%.po,$(B)/share/po/%.mo,$(wildcard templates/po/*.po))
share: $(SHARE_FILES) $(CATALOGUES)
$(SHARE_FILES): $(B)/share/%: templates/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(CATALOGUES): $(B)/share/po/%.mo: templates/po/%.po
	@mkdir -p $(@D)
	$(call SAY,MSG,$<)
	$(Q)msgfmt -c -o $@ $<

# One unit test program per t/unit/ROOM/test_NAME.c; t/unit/pd_test.h is their shared helper.
$(B)/unit/%: t/unit/%.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,TEST,$<)
	$(Q)$(LINK) $(CFLAGS_ALL) -It/unit -MMD -MP -o $@ $< $(B)/libpdcore.a $(LDFLAGS) -lcheck -lsubunit -lm -lrt $(LIBS)

# A fuzz function with a main that only replays its seeds.
$(B)/replay/%: t/fuzz/%.c t/fuzz/replay.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,TEST,$<)
	$(Q)$(LINK) $(CFLAGS_ALL) -Wno-missing-prototypes -It/fuzz -MMD -MP -o $@ $< t/fuzz/replay.c $(B)/libpdcore.a $(LDFLAGS) $(LIBS)
$(B)/libfuzzer/%: t/fuzz/%.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,FUZZ,$<)
	$(Q)$(LINK) $(CFLAGS_ALL) -Wno-missing-prototypes -fsanitize=fuzzer -It/fuzz -MMD -MP -o $@ $< $(B)/libpdcore.a $(LDFLAGS) $(LIBS)
# What processes and threads share, under stress.
$(B)/stress/%: t/stress/%.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,TEST,$<)
	$(Q)$(LINK) $(CFLAGS_ALL) -MMD -MP -o $@ $< $(B)/libpdcore.a $(LDFLAGS) $(LIBS)
units: $(UNIT_BIN) $(REPLAY_BIN) $(STRESS_BIN)

run: all
	@PORT='$(PORT)' STATE='$(STATE)' DB='$(DB)' TLS='$(TLS)' MPM='$(MPM)' BUILD='$(B)' sh conf/demo/run

# make test [MPM=event|worker|prefork] [DB=sqlite3|pgsql] [TESTS="t/40-register.t ..."]
test: all units
	@MPM='$(MPM)' DB='$(DB)' TESTS='$(TESTS)' BUILD='$(B)' sh t/run-suite

# Everything again with AddressSanitizer and UBSan; any report fails.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
asan:
	@$(MAKE) --no-print-directory B=build/asan SAN='$(SANITIZE)' OPT='-O1 -g -fno-omit-frame-pointer' all units
	@MPM='$(MPM)' DB='$(DB)' TESTS='$(TESTS)' BUILD=build/asan PD_ASAN=1 sh t/run-suite

SECONDS ?= 20
fuzz:
	@$(MAKE) --no-print-directory B=build/fuzz CC=clang SAN='-fsanitize=fuzzer-no-link,address,undefined' OPT='-O1 -g' fuzz-programs
	@BUILD=build/fuzz FUZZ_SECONDS='$(SECONDS)' sh t/fuzz/run
.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_BIN)

# The stress programs with ThreadSanitizer; any report fails. It needs a memory layout that is not random.
# It does not know fences: the one there is (pd_gate_file.c) is reached by none of these programs.
TSAN_OPTIONS := halt_on_error=1:exitcode=66:die_after_fork=0
tsan:
	@$(MAKE) --no-print-directory B=build/tsan SAN='-fsanitize=thread -Wno-tsan' OPT='-O1 -g' stress
	@for name in $(notdir $(STRESS_BIN)); do \
	  echo "  TSAN  $$name"; \
	  TSAN_OPTIONS='$(TSAN_OPTIONS)' setarch -R build/tsan/stress/$$name '$(SECONDS)' || exit 1; \
	done
.PHONY: stress
stress: $(STRESS_BIN)

valgrind: all units
	@BUILD='$(B)' sh t/run-valgrind

$(B)/bench/%: t/bench/%.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,LD,$@)
	$(Q)$(LINK) $(CFLAGS_ALL) -MMD -MP -o $@ $< $(B)/libpdcore.a $(LDFLAGS) $(LIBS)
# make bench [ROWS=hit,policy,...] [WRITE=1: puts the table into docs/performance.md]
BENCH_BIN := $(patsubst t/bench/%.c,$(B)/bench/%,$(wildcard t/bench/*.c))
bench: all $(BENCH_BIN)
	@BUILD='$(B)' MPM='$(MPM)' DB='$(DB)' ROWS='$(ROWS)' WRITE='$(WRITE)' sh t/bench/run

# make e2e [PAGES=account]: every page in a real browser, and Lighthouse; pictures in build/e2e/shots/.
e2e: all
	@BUILD='$(B)' MPM='$(MPM)' DB='$(DB)' PAGES='$(PAGES)' sh t/e2e/run

check: all units
	@$(MAKE) --no-print-directory B=build/clang CC=clang all units
	@CFLAGS_ALL='$(CFLAGS_ALL)' HTTPD_CFLAGS='$(HTTPD_CFLAGS)' BUILD='$(B)' sh t/check

# The manual page that is made from the table of directives; t/10-cli.t compares.
.PHONY: directives
directives: $(B)/pdportalctl
	$(Q)$(B)/pdportalctl directives > docs/directives.md

# All messages of the templates, for translators.
$(B)/tools/%: t/tools/%.c $(B)/libpdcore.a $(B)/.flags
	@mkdir -p $(@D)
	$(call SAY,LD,$@)
	$(Q)$(LINK) $(CFLAGS_ALL) -MMD -MP -o $@ $< $(B)/libpdcore.a $(LDFLAGS) $(LIBS)
pot: $(B)/tools/messages
	$(Q)$(B)/tools/messages templates > templates/po/mod_pdportal.pot.new
	$(Q)mv templates/po/mod_pdportal.pot.new templates/po/mod_pdportal.pot

install: all
	install -d '$(DESTDIR)$(LIBEXECDIR)' '$(DESTDIR)$(PREFIX)/sbin' '$(DESTDIR)$(SHAREDIR)'
	install -m 644 $(B)/mod_pdportal.so '$(DESTDIR)$(LIBEXECDIR)/'
	install -m 711 $(B)/pdportal-hash '$(DESTDIR)$(LIBEXECDIR)/'
	install -m 755 $(B)/pdportalctl '$(DESTDIR)$(PREFIX)/sbin/'
	cp -R $(B)/share/. '$(DESTDIR)$(SHAREDIR)/'
	cp conf/pdportal.conf '$(DESTDIR)$(SHAREDIR)/pdportal.conf.sample'
	chmod -R u=rwX,go=rX '$(DESTDIR)$(SHAREDIR)'

clean:
	rm -rf $(B)

help:
	@echo 'make                    the module, pdportal-hash and pdportalctl, in build/'
	@echo 'make run                the demo site on http://127.0.0.1:8080 [PORT= STATE= DB=sqlite3|pgsql TLS=1 MPM=]'
	@echo 'make test               the whole test suite [MPM=event|worker|prefork DB=sqlite3|pgsql TESTS="t/..." PORT=]'
	@echo 'make check              format, static analysis, clang build, house rules'
	@echo 'make asan               the test suite with AddressSanitizer and UBSan'
	@echo 'make fuzz               every fuzz target for SECONDS=20'
	@echo 'make tsan               the stress programs with ThreadSanitizer, SECONDS=20 each'
	@echo 'make valgrind           unit tests under memcheck'
	@echo 'make bench              the table of docs/performance.md, about 20 minutes [ROWS=hit,policy WRITE=1]'
	@echo 'make e2e                every page in a real browser: axe, HTML, width; pictures in build/e2e/shots [PAGES=]'
	@echo 'make pot                message catalogue for translators'
	@echo 'make directives         docs/directives.md from the table of directives'
	@echo 'make install            [DESTDIR= PREFIX=/usr SHAREDIR=]'
	@echo 'make packages           installs the Debian packages of all of these'
	@echo 'make clean              removes build/ (the demo state in var/ stays)'

-include $(shell find $(B)/src $(B)/unit $(B)/replay $(B)/stress $(B)/libfuzzer $(B)/bench $(B)/tools $(B)/mod_pdportal.d -name '*.d' 2>/dev/null)
endif
