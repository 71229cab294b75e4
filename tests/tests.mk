# SPDX-License-Identifier: Apache-2.0
# The tests' targets; a part of the Makefile.

check-unit: $(UNIT_BIN) ## unit tests
	@for t in $(UNIT_BIN); do $$t || exit 1; done

# ---- live: real kills, exits and counters on a running kernel ----
# One static program that is also the init of a virtual machine; it shares no code with the agent.
# smoke_*.c are programs of their own.
LIVE_SRC := $(filter-out tests/live/smoke_%,$(sort $(wildcard tests/live/*.c)))
LIVE_OBJ := $(LIVE_SRC:tests/live/%.c=$(BUILD)/tests/live.d/%.o)

$(BUILD)/tests/live.d/%.o: tests/live/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out $(SANFLAGS),$(ALL_CFLAGS)) -MMD -MP -c -o $@ $<

$(BUILD)/tests/live: $(LIVE_OBJ)
	$(call say,LD)
	$(Q)$(CC) -static -o $@ $(LIVE_OBJ) -Wl,--gc-sections -ljansson -pthread

-include $(LIVE_OBJ:.o=.d)

# The parser of the kernel log is compiled into its unit test.
$(BUILD)/tests/test_klog: $(wildcard tests/live/klog*.[ch])

# LIVE=name selects a run, a group or a scenario, for both targets: make check-live LIVE=oom/simple
LIVE ?=

check-live: $(BUILD)/memwitness $(BUILD)/tests/live ## live tests on this machine's kernel (as root)
	@rm -rf $(BUILD)/live && mkdir -p $(BUILD)/live
	$(BUILD)/tests/live --agent $(BUILD)/memwitness --dir $(abspath $(BUILD))/live $(LIVE)
	@$(BUILD)/memwitness schema > $(BUILD)/live/schema.json
	tests/validate.py $(BUILD)/live/schema.json $(BUILD)/live/*.records

# A name of tests/vm/fetch-kernels.sh and a cgroup version each; v1 is gone from Debian's 6.12.
VM_TESTS ?= k5.10-v2 k5.10-v1 k6.1-v2 k6.1-v1 k6.12-v2 ksid-v2

check-vm: $(BUILD)/memwitness-static $(BUILD)/tests/live ## the same on the other kernels, in QEMU
	@BUILD=$(BUILD) tests/vm/check.sh "$(VM_TESTS)" $(LIVE)

.PHONY: check-unit check-live check-vm
