# SPDX-License-Identifier: Apache-2.0
# The tests' targets; a part of the Makefile.

check-unit: $(UNIT_BIN) ## unit tests
	@for t in $(UNIT_BIN); do $$t || exit 1; done

.PHONY: check-unit
