# SPDX-License-Identifier: Apache-2.0
# What strings the tests together; a part of the Makefile. Each tier can be run alone.

STEP = @printf '\n== %s\n' "$(1)"

check: deps ## set up, build, and run every quick and VM test (as root)
	$(call STEP,build)
	@$(MAKE) --no-print-directory all static
	$(call STEP,unit tests)
	@$(MAKE) --no-print-directory check-unit
	$(call STEP,recorded streams and the manual)
	@$(MAKE) --no-print-directory check-golden
	$(call STEP,live: this machine's kernel)
	@$(MAKE) --no-print-directory check-live
	$(call STEP,applications: real programs on this machine)
	@$(MAKE) --no-print-directory check-apps
	$(call STEP,live: the other kernels in virtual machines)
	@$(MAKE) --no-print-directory check-vm

check-golden: $(BUILD)/memwitness $(BUILD)/tests/test_record_json ## replay recorded streams, compare byte for byte
	tests/golden/run.sh $(BUILD)/memwitness
	tests/check-man.sh $(BUILD)/memwitness docs/memwitness.1
	tests/test_schema.py $(BUILD)/tests/test_record_json
	tests/test_identify.py $(BUILD)/memwitness

# APPS=group ... selects: make check-apps APPS="no-oom load"
APPS ?=

check-apps: $(BUILD)/memwitness $(BUILD)/bench/loops $(BUILD)/bench/oomloop ## OOM kills of real programs and under load, on this machine's kernel (as root)
	tests/apps/apps.py --build $(BUILD) $(APPS)

# RESTARTS=name ... selects by parts of names: make check-restarts RESTARTS="gunicorn23 celery-oom"
RESTARTS ?=

check-restarts: $(BUILD)/memwitness ## restarts of real programs' workers, on this machine's kernel (as root)
	tests/apps/fetch-later.sh
	tests/apps/restarts.py --build $(BUILD) $(RESTARTS)

# RUNTIMES=group ... selects: make check-runtimes RUNTIMES="docker kubelet"
RUNTIMES ?=

check-runtimes: $(BUILD)/memwitness $(BUILD)/memwitness-static ## names of containers of real runtimes, on this machine (as root)
	tests/runtimes/runtimes.py --build $(BUILD) $(RUNTIMES)

check-runtimes-vm: $(BUILD)/memwitness-static ## the same with cgroup v2 and systemd, in a virtual machine (as root)
	BUILD=$(BUILD) tests/runtimes/vm/run.sh $(RUNTIMES)

# Everything that runs without a kernel, under AddressSanitizer and UndefinedBehaviorSanitizer.
check-san: ## unit tests and recorded streams with ASan and UBSan
	@$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/san $(BUILD)/san/memwitness check-unit
	@$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/san check-golden

FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN  := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_TIME ?= 60
FUZZ_ROOM := $(wildcard user/base/*.c user/core/*.c user/out/eventlog_write.c user/in/decode.c \
	     user/in/eventlog_parse.c user/in/cmdline.c user/in/gfp.c)

$(BUILD)/fuzz/%: tests/fuzz/%.c $(FUZZ_ROOM)
	$(call say,FUZZ)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-D_GNU_SOURCE -DMEMWITNESS_VERSION='"$(VERSION)"' -Iuser -I. -o $@ $< $(FUZZ_ROOM) -lz

# New inputs go to the build folder; the kept corpus in the tree only seeds it. A finding is shown
# whole, a clean run by its figures.
check-fuzz: $(FUZZ_BIN) ## fuzz each target for FUZZ_TIME seconds
	@for t in $(FUZZ_BIN); do n=$${t##*/fuzz_}; mkdir -p $(BUILD)/fuzz/found/$$n; \
		printf '\n== fuzz %s for $(FUZZ_TIME) s\n' $$n; \
		$$t -max_total_time=$(FUZZ_TIME) -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$$n- \
			$(BUILD)/fuzz/found/$$n tests/fuzz/corpus/$$n > $(BUILD)/fuzz/$$n.log 2>&1 || \
			{ cat $(BUILD)/fuzz/$$n.log; exit 1; }; \
		grep -E 'stat::(number_of_executed_units|new_units_added|peak_rss_mb)' \
			$(BUILD)/fuzz/$$n.log; done

# Not run anywhere yet, but it has to stay compilable: the programs for the other architecture.
OTHER_ARCH := $(if $(filter x86,$(ARCH)),arm64,x86)
OTHER_BPF  := $(BPF_SRC:bpf/%.bpf.c=$(BUILD)/bpf-$(OTHER_ARCH)/%.bpf.o)

$(BUILD)/bpf-$(OTHER_ARCH)/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(subst _$(ARCH),_$(OTHER_ARCH),$(subst /$(ARCH),/$(OTHER_ARCH),$(BPF_CFLAGS))) -c -o $@ $<

# Leaks are LeakSanitizer's job (check-san): cppcheck does not know cleanup attributes.
lint: $(SKEL) $(SCHEMA_H) $(OTHER_BPF) ## format, dependency arrows, static analysis
	tests/lint-arrows.sh
	@clang-format --dry-run -Werror $(C_FILES)
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem --suppress=memleak \
		'-DLIBBPF_OPTS(type,name,...)=struct type name = {0}' -D_GNU_SOURCE -Iuser -I. -I$(BUILD)/gen \
		-j$(JOBS) user

.PHONY: check check-golden check-apps check-restarts check-runtimes check-runtimes-vm check-san check-fuzz lint
