# SPDX-License-Identifier: Apache-2.0
# The benchmark's programs and target; a part of the Makefile. BENCH_FLAGS: see bench.py --help.

BENCH_FLAGS ?=
BENCH       := $(BUILD)/bench
# Static, so that a fork copies little and 2,000 sleepers stay small.
BENCH_PLAIN := $(addprefix $(BENCH)/,loops sleepers oomloop linewatch)
BENCH_LINKED := $(addprefix $(BENCH)/,snapcost mkevents)

$(BENCH_PLAIN): $(BENCH)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 $(WARN) $(CFLAGS) -D_GNU_SOURCE -static -MMD -MP -o $@ $<

$(BENCH_LINKED): $(BENCH)/%: tests/bench/%.c $(BUILD)/libmw.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/libmw.a $(LDFLAGS) $(LIBS)

$(BENCH)/empty.bpf.o: tests/bench/empty.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -c -o $@ $<

$(BENCH)/empty.skel.h: $(BENCH)/empty.bpf.o
	$(BPFTOOL) gen skeleton $< name empty > $@.tmp
	mv $@.tmp $@

$(BENCH)/empty: tests/bench/empty.c $(BENCH)/empty.skel.h
	$(CC) $(ALL_CFLAGS) -I$(BENCH) -MMD -MP -o $@ $< $(LDFLAGS) -lbpf -lelf -lz

-include $(wildcard $(BENCH)/*.d)

bench-build: $(BENCH_PLAIN) $(BENCH_LINKED) $(BENCH)/empty

bench: all static bench-build ## measure what tracing costs (as root, 5 to 10 minutes)
	python3 tests/bench/bench.py --build $(BUILD) $(BENCH_FLAGS)

.PHONY: bench bench-build
