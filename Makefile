# SPDX-License-Identifier: Apache-2.0
# memwitness: `make help` lists the targets. Out of tree, parallel, dependencies tracked.

VERSION := 0.1.0
BUILD   ?= build
# make V=1 shows the commands.
V       ?=
Q       := $(if $(V),,@)
say      = @$(if $(V),:,printf '  %-8s %s\n' $(1) $(patsubst $(BUILD)/%,%,$@))
SAN     ?=
prefix  ?= /usr/local
DESTDIR ?=

CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /sbin/bpftool) bpftool)
CC      ?= cc
ARCH    := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
# Parallel by itself; a make below this one takes its share of the same jobs.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif

WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS  ?= -O2 -g
ALL_CFLAGS = -std=gnu17 $(WARN) $(CFLAGS) $(SANFLAGS) -fno-common -ffunction-sections -fdata-sections \
	     -D_GNU_SOURCE -DMEMWITNESS_VERSION='"$(VERSION)"' -Iuser -I. -I$(BUILD)/gen
LIBS    := -lbpf -lelf -lz -ljansson -linih
ifneq ($(SAN),)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
LDFLAGS += -Wl,--gc-sections $(SANFLAGS)

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
	      -Wno-unused-parameter -Ivmlinux/$(ARCH) -Ivmlinux -Ibpf

BPF_SRC  := $(sort $(wildcard bpf/*.bpf.c))
BPF_OBJ  := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf/%.bpf.o)
SKEL     := $(BUILD)/gen/memwitness.skel.h
SRC      := $(sort $(wildcard user/base/*.c user/core/*.c user/in/*.c user/out/*.c user/cmd/*.c))
OBJ      := $(SRC:user/%.c=$(BUILD)/obj/%.o)
LIBOBJ   := $(filter-out $(BUILD)/obj/cmd/main.o,$(OBJ))
SCHEMA_H := $(BUILD)/gen/schema_json.h

all: $(BUILD)/memwitness ## build the dynamic binary (default)

static: $(BUILD)/memwitness-static ## build the binary that needs nothing installed

$(BUILD)/memwitness: $(OBJ)
	$(call say,LD)
	$(Q)$(CC) $(SANFLAGS) -o $@ $(OBJ) $(LDFLAGS) $(LIBS)

$(BUILD)/memwitness-static: $(OBJ)
	$(call say,LD)
	$(Q)$(CC) -static -o $@ $(OBJ) $(LDFLAGS) -Wl,--no-export-dynamic $(LIBS)
	$(Q)strip $@

$(BUILD)/libmw.a: $(LIBOBJ)
	$(call say,AR)
	@rm -f $@
	$(Q)ar rcs $@ $(LIBOBJ)

$(BUILD)/obj/%.o: user/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

# Definitions before their uses: libbpf 1.1's linker loses the offset of a map that it met first as
# an extern.
BPF_DEFS := $(BUILD)/bpf/maps.bpf.o
$(BUILD)/bpf/memwitness.o: $(BPF_OBJ)
	$(call say,BPF-LD)
	$(Q)$(BPFTOOL) gen object $@ $(BPF_DEFS) $(filter-out $(BPF_DEFS),$^)

$(SKEL): $(BUILD)/bpf/memwitness.o
	$(call say,SKEL)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name memwitness > $@.tmp
	$(Q)mv $@.tmp $@

# The schema is a JSON file in the tree; the binary carries it as a C string.
$(SCHEMA_H): user/out/schema.json
	$(call say,GEN)
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@.tmp
	$(Q)mv $@.tmp $@

$(BUILD)/obj/in/kernel.o $(BUILD)/obj/in/kernel_attach.o: $(SKEL)
$(BUILD)/obj/out/schema.o: $(SCHEMA_H)

-include $(OBJ:.o=.d) $(BPF_OBJ:.o=.d)

# ---- tests ----
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)

$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libmw.a
	$(call say,TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Itests -MMD -MP -o $@ $< $(BUILD)/libmw.a $(LDFLAGS) $(LIBS) -lcmocka

-include $(UNIT_BIN:=.d)

include tests/tests.mk
include tests/check.mk
include tests/bench/bench.mk

deps: ## install what building and testing need (Debian and Ubuntu; a list elsewhere)
	@deploy/deps.sh all

deps-build:
	@deploy/deps.sh build

run: deps-build ## set up, build and trace this machine, records on standard output (as root)
	@$(MAKE) --no-print-directory all
	$(BUILD)/memwitness run

demo: deps-build ## set up, build and show a whole OOM story in 20 s (as root)
	@$(MAKE) --no-print-directory all
	$(BUILD)/memwitness demo

install: all ## install the binary and the man page (DESTDIR, prefix)
	install -D -m 0755 $(BUILD)/memwitness $(DESTDIR)$(prefix)/bin/memwitness
	install -D -m 0644 docs/memwitness.1 $(DESTDIR)$(prefix)/share/man/man1/memwitness.1

C_FILES = $(wildcard user/*/*.[ch] bpf/*.[ch] tests/*/*.[ch])
fmt: ## format the C sources
	clang-format -i $(C_FILES)

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

.PHONY: all static deps deps-build run demo install fmt clean help
.DELETE_ON_ERROR:
