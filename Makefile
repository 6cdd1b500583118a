# Needs a Rust toolchain and a C compiler, nothing else. Works with GNU make 3.81 and later.
#
# Everything is built with --workspace: one package alone would have other features unified into the AWS SDKs, and cargo
# would build them again each time the two take turns.

SHELL := /bin/sh
.DEFAULT_GOAL := help

CARGO ?= cargo
# For cargo's commands: `make test FLAGS=--locked`.
FLAGS ?=
# For the demo: `make demo ARGS="--orders 5000 --seed 7"`.
ARGS ?=

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PARSERS := delimited encoding compressed json_lines workbook sheet cells
FUNCTIONS := upload-validation stall-scan signoff-scan night-close morning-digest order-history eligibility-report diagnosis

.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## play a season on the embedded cloud; ARGS="--orders 5000 --seed 7"
	$(TARGET_DIR)/debug/waymark demo $(ARGS)

.PHONY: build
build: ## build everything, the waymark command included
	$(CARGO) build --workspace $(FLAGS)

.PHONY: test
test: ## run every test
	$(CARGO) test --workspace $(FLAGS)

.PHONY: test-web
test-web: ## open the pages in a headless Chromium; installs it, a Chinese font and the driver where they are missing
	$(CARGO) build --workspace $(FLAGS) --example made_pages --example made_reports --example made_diagnoses
	tests/web/run

.PHONY: simulate
simulate: ## whole seasons with faults against the reference; SEED=42 plays one again, SEEDS=100 plays many (10 s of a processor each)
	$(foreach name,SEED SEEDS FROM,$(if $($(name)),$(name)=$($(name)) ))$(CARGO) test --workspace $(FLAGS) --test simulation -- --nocapture

# Not in the gate: it takes the better part of an hour, a tenth of the rows some minutes.
.PHONY: soak
soak: ## twenty kills of an upload of 100,000 rows, and a file of 1,000,000 by runs cut short; SEED=42, WAYMARK_SOAK_ROWS=10000
	$(if $(SEED),SEED=$(SEED) )$(CARGO) test --workspace $(FLAGS) --test acceptance killed_uploads -- --ignored --nocapture

.PHONY: check
check: format lint doc policy ## format, lint, doc and policy: what must hold before a commit

.PHONY: format
format: ## is the code formatted? (`cargo fmt` mends it)
	$(CARGO) fmt --all -- --check

.PHONY: lint
lint: ## clippy, a warning is an error
	$(CARGO) clippy --workspace --all-targets $(FLAGS) -- -D warnings

# Private items too: most of what a comment points at is private. Shares its builds of the dependencies with `lint`.
.PHONY: doc
doc: ## build the documentation, a broken link is an error
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items $(FLAGS)

.PHONY: policy
policy: ## dependencies and arrows: deny.toml and the rooms of ARCHITECTURE.md
	$(CARGO) test --workspace $(FLAGS) --test arrows --test dependency_policy

# Not in the gate, which must say the same of the same commit next week. Where the database cannot be asked it says so, and fails if
# ADVISORIES=required.
ADVISORY_DB := https://github.com/rustsec/advisory-db
.PHONY: advisories
advisories: ## known flaws of the dependencies, by RustSec's database on GitHub; weekly, with ADVISORIES=required (needs cargo-deny)
	@if ! command -v cargo-deny >/dev/null; then missing="cargo-deny is not on the PATH: cargo install --locked cargo-deny"; \
	elif ! GIT_TERMINAL_PROMPT=0 git ls-remote --exit-code $(ADVISORY_DB) HEAD >/dev/null 2>&1; then missing="$(ADVISORY_DB) cannot be reached"; \
	fi; \
	if [ -n "$$missing" ]; then echo "make advisories: NOTHING WAS CHECKED: $$missing" >&2; [ "$(ADVISORIES)" != required ]; \
	else $(CARGO) deny check advisories; fi

# Python tools, each set in an environment of its own, at the versions and hashes of its list.
PYTHON ?= python3
PYTHONS ?= $(TARGET_DIR)/python
UV := $(PYTHONS)/uv/bin/uv
$(UV): tests/aws/requirements/uv.txt
	$(PYTHON) -m venv --clear $(PYTHONS)/uv
	$(PYTHONS)/uv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(PYTHONS)/%/ready: tests/aws/requirements/%.txt $(UV)
	$(UV) venv --quiet --clear --no-project --python $(PYTHON) $(@D)
	VIRTUAL_ENV=$(@D) $(UV) pip install --quiet --require-hashes -r $<
	@touch $@

# One with everything, and those that lack something: function URLs, X-Ray, Lambda's JSON logs.
LINTED_REGIONS := us-east-1 cn-north-1 cn-northwest-1 us-gov-west-1 \
	ap-south-2 ap-southeast-4 ca-west-1 eu-central-2 eu-south-2 il-central-1 me-central-1
# W2001: a parameter that only decided conditions is used no more.
.PHONY: lint-infra
lint-infra: $(PYTHONS)/sam/ready $(PYTHONS)/security/ready ## is the template sound and safe, in every kind of region? (needs Python 3.11 or later)
	$(PYTHONS)/sam/bin/cfn-lint infra/template.yaml
	$(PYTHONS)/sam/bin/python infra/deploy/expanded.py --into $(TARGET_DIR)/template $(LINTED_REGIONS)
	printf '%s\n' $(LINTED_REGIONS) | xargs -P 2 -I % \
		$(PYTHONS)/sam/bin/cfn-lint --ignore-checks W2001 --regions % -- $(TARGET_DIR)/template/%.json
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(PYTHONS)/sam/bin/sam validate --lint --template infra/template.yaml
	$(PYTHONS)/security/bin/checkov --config-file infra/checkov.yaml --file infra/template.yaml

# With an example, so that the binaries are built with the features of the tests: without one cargo would build the
# dependencies of the AWS SDKs again with others.
.PHONY: binaries
binaries:
	$(CARGO) build --workspace --bins --example made_pages $(FLAGS)

.PHONY: test-aws
test-aws: binaries $(PYTHONS)/proof/ready $(PYTHONS)/sam/ready $(PYTHONS)/package/ready ## the stack deployed to moto, its functions our binaries (needs Python 3.11 or later)
	cd tests/aws && $(abspath $(PYTHONS))/proof/bin/python -m pytest $(if $(ARGS),$(ARGS),-q)

.PHONY: bench
bench: ## measure, optimised (builds for minutes)
	$(CARGO) bench --workspace $(FLAGS) --bench compaction --bench night --bench report --bench upload --bench validate

# libFuzzer needs a nightly compiler; what it finds becomes a file of the corpus, which `make test` replays on any.
.PHONY: fuzz
fuzz: ## fuzz every parser, FUZZ_SECONDS=60 each (needs cargo-fuzz and a nightly toolchain)
	cd shared/intake/fuzz && for parser in $(PARSERS); do \
		$(CARGO) +nightly fuzz run --fuzz-dir . $$parser corpus/$$parser -- \
			-max_total_time=$(or $(FUZZ_SECONDS),60) -rss_limit_mb=1024 -print_final_stats=1 || exit 1; \
	done

# x86_64 or arm64: what the functions are built for, whatever this machine is.
ARCHITECTURE ?= x86_64
LAMBDA_TARGET = $(or $(LAMBDA_TARGET_$(ARCHITECTURE)),$(error ARCHITECTURE is x86_64 or arm64, not "$(ARCHITECTURE)"))
LAMBDA_TARGET_x86_64 := x86_64-unknown-linux-gnu
LAMBDA_TARGET_arm64 := aarch64-unknown-linux-gnu
# No path of this machine in what is shipped: the same sources give the same binaries in any folder.
LAMBDA_RUSTFLAGS := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/waymark
# By zig, which links against Lambda's glibc (2.34), whatever this machine has.
BUILD_FOR_LAMBDA ?= if command -v rustup >/dev/null; then rustup target add $(LAMBDA_TARGET); fi && \
	PATH="$(abspath $(PYTHONS))/package/bin:$$PATH" WAYMARK_VERSION="$(VERSION)" RUSTFLAGS="$(LAMBDA_RUSTFLAGS)" cargo-zigbuild \
	build --locked --profile lambda --target $(LAMBDA_TARGET).2.34 $(FUNCTIONS:%=-p %)
LAMBDA_BINARIES = $(TARGET_DIR)/$(LAMBDA_TARGET)/lambda

# The version that the functions and the stack tell: with the commit, where there is one.
COMMIT = $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null)
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)$(addprefix +,$(COMMIT))

.PHONY: package
package: tools $(PYTHONS)/package/ready ## build the functions for Lambda and zip them into target/lambda; ARCHITECTURE=arm64
	$(BUILD_FOR_LAMBDA) $(filter-out --locked,$(FLAGS))
	$(PYTHON) infra/deploy/package.py --architecture $(ARCHITECTURE) --version "$(VERSION)" \
		--binaries $(LAMBDA_BINARIES) --into target/lambda $(FUNCTIONS)

.PHONY: tools
tools:
	@missing() { echo "make: $$1 is not on the PATH. $$2" >&2; exit 1; }; \
	command -v $(CARGO) >/dev/null || missing $(CARGO) "Install Rust (https://rustup.rs)."; \
	command -v cc >/dev/null || missing cc "Install a C compiler (Debian: build-essential; macOS: xcode-select --install)."; \
	command -v $(PYTHON) >/dev/null || missing $(PYTHON) "Install Python 3.11 or later."

# The harness need not be optimised: what it starts is.
.PHONY: bench-startup
bench-startup: package ## how long the packaged functions take to start, and what memory they hold, beside hello-world
	$(BUILD_FOR_LAMBDA) -p entrypoint --example hello_world $(filter-out --locked,$(FLAGS))
	WAYMARK_BINARIES="$(abspath $(LAMBDA_BINARIES))" \
		$(CARGO) bench --workspace --profile dev $(FLAGS) --bench startup

.PHONY: bench-functions
bench-functions: package $(PYTHONS)/proof/ready ## a whole season by the packaged functions on moto: the processor and memory of each (minutes; ../shared)
	cd tests/aws && WAYMARK_BINARIES="$(abspath $(LAMBDA_BINARIES))" $(abspath $(PYTHONS))/proof/bin/python -W ignore measure_functions.py

STACK ?= waymark
STAGE ?= live

.PHONY: deploy
deploy: $(PYTHONS)/sam/ready ## deploy what was packaged, with sam; STAGE=live STACK=waymark PARAMETERS="AlarmEmail=…" YES=1 ADOPT=1
	$(PYTHONS)/sam/bin/python infra/deploy/deploy.py deploy --stack "$(STACK)" --stage "$(STAGE)" \
		--parameters '$(PARAMETERS)' $(if $(YES),--yes) $(if $(ADOPT),--adopt)

.PHONY: settings
settings: $(PYTHONS)/sam/ready ## what a shell needs for `waymark --aws`: eval "$(make -s settings)"
	@$(PYTHONS)/sam/bin/python infra/deploy/deploy.py settings --stack "$(STACK)"

.PHONY: clean-demo
clean-demo: ## forget the embedded cloud and what the demo wrote
	rm -rf .waymark waymark-demo
