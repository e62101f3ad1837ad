# SPDX-License-Identifier: Apache-2.0
# A thin driver: CMake (CMakePresets.json) and scripts/ do the work.

.DEFAULT_GOAL := help
.PHONY: help setup build demo python test test-full perf perf-quick install update-symbols update-abi format clean
.NOTPARALLEL:

help: ## show this
	@printf 'Sheaf: make TARGET\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'
	@printf '\nMake a manager of your own: plugins/template/. How to work here: CONTRIBUTING.md.\n'

setup: ## check for tools and libraries, install what is missing (Debian, root), make .venv
	@scripts/setup.sh

build: ## build into build/dev (run build/dev/bin/sheaf)
	@scripts/setup.sh --tools-only
	@scripts/build.sh dev

demo: build ## resolve a sample library through a real plugin
	@scripts/demo.sh

test: setup ## all tests: plain, under ASan + UBSan, thread tests under TSan, the command itself
	@scripts/test.sh

test-full: ## the same and the slow ones: each allocation failed, fuzzing, a soak (half an hour)
	@scripts/setup.sh --full
	@scripts/test.sh --full

perf: setup ## measure, beside what else one could use, and write docs/performance.* (some four minutes)
	@scripts/perf.sh

perf-quick: setup ## measure less, in a minute, and write build/perf/quick/performance.*
	@scripts/perf.sh --quick

python: setup ## build the Python package and install it into .venv (quick when nothing changed)
	@scripts/python.sh

install: ## install PREFIX=DIR: an optimised build; DIR may be moved afterwards
	@if [ -z "$(PREFIX)" ]; then echo 'make install: say where: make install PREFIX=DIR' >&2; exit 2; fi
	@scripts/setup.sh --tools-only
	@scripts/build.sh release
	@cmake --install build/release --prefix "$(PREFIX)"

update-symbols: build ## rewrite the list of libsheaf's exported symbols
	@cmake --build --preset dev --target update-symbols

update-abi: build ## store libsheaf's binary interface anew (say why in the commit)
	@cmake --build --preset dev --target update-abi

format: ## format the C and C++ sources with the pinned clang-format
	@scripts/format.sh

clean: ## remove everything that was built
	rm -rf build
