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
FUNCTIONS := upload-validation stall-scan signoff-scan night-close morning-digest order-history eligibility-report

.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	$(CARGO) build --workspace $(FLAGS) --example made_pages --example made_reports
	tests/web/run

.PHONY: simulate
simulate: ## whole seasons with faults against the reference; SEED=42 plays one again, SEEDS=2000 plays many
	$(foreach name,SEED SEEDS FROM,$(if $($(name)),$(name)=$($(name)) ))$(CARGO) test --workspace $(FLAGS) --test simulation -- --nocapture

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

# Python tools, each set in an environment of its own, at the versions and hashes of its list.
PYTHON ?= python3
PYTHONS := $(TARGET_DIR)/python
UV := $(PYTHONS)/uv/bin/uv
$(UV): tests/aws/requirements/uv.txt
	$(PYTHON) -m venv --clear $(PYTHONS)/uv
	$(PYTHONS)/uv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(PYTHONS)/%/ready: tests/aws/requirements/%.txt $(UV)
	$(UV) venv --quiet --clear --no-project --python $(PYTHON) $(@D)
	VIRTUAL_ENV=$(@D) $(UV) pip install --quiet --require-hashes -r $<
	@touch $@

.PHONY: lint-infra
lint-infra: $(PYTHONS)/lint/ready $(PYTHONS)/security/ready ## is the template sound and safe? (needs Python 3.11 or later)
	$(PYTHONS)/lint/bin/cfn-lint infra/template.yaml
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(PYTHONS)/lint/bin/sam validate --lint --template infra/template.yaml
	$(PYTHONS)/security/bin/checkov --config-file infra/checkov.yaml --file infra/template.yaml

.PHONY: test-aws
test-aws: build $(PYTHONS)/proof/ready ## the stack deployed to moto, its functions our binaries (needs Python 3.11 or later)
	cd tests/aws && $(abspath $(PYTHONS))/proof/bin/python -m pytest $(if $(ARGS),$(ARGS),-q)

.PHONY: bench
bench: ## measure, optimised (builds for minutes)
	$(CARGO) bench --workspace $(FLAGS) --bench night --bench report --bench upload --bench validate

# libFuzzer needs a nightly compiler; what it finds becomes a file of the corpus, which `make test` replays on any.
.PHONY: fuzz
fuzz: ## fuzz every parser, FUZZ_SECONDS=60 each (needs cargo-fuzz and a nightly toolchain)
	cd shared/intake/fuzz && for parser in $(PARSERS); do \
		$(CARGO) +nightly fuzz run --fuzz-dir . $$parser corpus/$$parser -- \
			-max_total_time=$(or $(FUZZ_SECONDS),60) -rss_limit_mb=1024 -print_final_stats=1 || exit 1; \
	done

# Lambda runs a file called `bootstrap`; infra/template.yaml looks for it here.
.PHONY: package
package: ## build the functions for Lambda on this processor, into target/lambda
	$(CARGO) build --release $(FLAGS) $(FUNCTIONS:%=-p %)
	@for function in $(FUNCTIONS); do \
		mkdir -p target/lambda/$$function && \
		cp $(TARGET_DIR)/release/$$function target/lambda/$$function/bootstrap || exit 1; \
	done

.PHONY: clean-demo
clean-demo: ## forget the embedded cloud and what the demo wrote
	rm -rf .waymark waymark-demo
