# The front door: `make` lists what there is. A machine needs python3, pip and make; everything else is fetched from
# PyPI, each file checked against a hash that is written in requirements.lock or tools/uv.txt.
.DEFAULT_GOAL := help
.PHONY: help setup run test check lint types walls format bench bench-engines chaos chaos-engines stripemock engines engines-stop test-engines requirements schemas protos docs lock clean
SHELL := /bin/bash
UV := .uv/bin/uv
BIN := .venv/bin
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
PROTOS := src/tradewind/contracts/proto
STRIPE_MOCK := v0.203.0
export UV_PYTHON_DOWNLOADS := never

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed ## Install everything into .venv (does nothing when it is up to date)

run: setup ## Run the whole shop on this machine (RUN="--port 9000" passes options)
	@exec $(BIN)/tradewind serve $(RUN)

test: setup ## Run every test (TESTS="path -k word" runs some)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

check: lint types walls ## Check format, lint, types and import walls

lint: setup ## Check format and lint alone
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .

types: setup ## Check types alone
	@$(BIN)/mypy

walls: setup ## Check import walls alone
	@$(BIN)/lint-imports --no-cache

format: setup ## Format the code and mend what lint can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup ## Measure the raw limit, Tradewind and an order's whole walk side by side (BENCH="--short" for a quick look)
	@$(BIN)/python -m bench $(BENCH)

bench-engines: setup ## Measure real engines that the environment names beside the embedded ones (BENCH="--short --only log")
	@$(BIN)/python -m bench --engines $(BENCH)

chaos: setup ## Kill the shop at every commit boundary, 20 seeds each (SEEDS=5 for fewer)
	@TRADEWIND_CHAOS_SEEDS=$(or $(SEEDS),20) $(BIN)/python -m pytest tests/chaos -rA $(TESTS)

chaos-engines: .venv/.engines ## Have each engine of `make engines` die for 60 s, hang, be slow while people buy; print tables (OUTAGE_S=5)
	@. "$${ENGINES_HOME:-.engines}/env" && TRADEWIND_CHAOS_OUTAGE_S=$(or $(OUTAGE_S),60) $(BIN)/python -m pytest -p no:xdist \
		--engines=required $(or $(TESTS),tests/chaos/engines)

stripemock: setup ## Check what we ask Stripe against Stripe's own mock server (needs Go; builds it for a minute)
	@GOBIN=$(CURDIR)/.stripe-mock go install github.com/stripe/stripe-mock@$(STRIPE_MOCK)
	@TRADEWIND_STRIPE_MOCK=$(CURDIR)/.stripe-mock/stripe-mock $(BIN)/python -m pytest -q \
		tests/adapters/payment_provider/test_stripe_mock.py

engines: .venv/.engines ## Fetch and start real engines on loopback, without Docker (ENGINES="redis kafka" starts some)
	@$(BIN)/python -m tools.engines up $(ENGINES)

engines-stop: setup ## Stop the engines that `make engines` started (ENGINES="unleash" stops some, and those that need them)
	@$(BIN)/python -m tools.engines down $(ENGINES)

test-engines: .venv/.engines ## Run the tests of real engines against those that `make engines` started; none may be missing
	@. "$${ENGINES_HOME:-.engines}/env" && $(BIN)/python -m pytest --engines=required $(TESTS)

requirements: setup ## Show which requirements are met, by group (REQUIREMENTS="--json", "--open")
	@$(BIN)/python -m tools.requirements $(REQUIREMENTS)

schemas: setup ## Make the JSON Schema of each event from its class; refuses changes that are not additive
	@$(BIN)/python -m tools.schemas

protos: setup ## Make the Python of each published protobuf file
	@cd $(PROTOS) && $(CURDIR)/$(BIN)/python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. \
		$$(find . -name '*.proto' -printf '%P\n')

docs: setup ## Make the pages that follow from the code: events, lifecycles, settings
	@$(BIN)/python -m tools.pages

lock: $(UV) ## Choose dependency versions anew and pin them by hash (LOCK="--upgrade" moves them up)
	@$(COMPILE) $(LOCK) --group dev --extra engines pyproject.toml --output-file requirements.lock
	@$(COMPILE) $(LOCK) tools/uv.in --output-file tools/uv.txt
	@$(COMPILE) $(LOCK) --constraint requirements.lock tools/engines.in --output-file tools/engines.txt

clean: ## Remove what was installed and cached; homes with orders in them (.tradewind) stay
	@rm -rf .venv .uv .stripe-mock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# uv comes as a wheel into a private folder: neither the venv module nor ensurepip is needed (plain Debian has neither).
$(UV): tools/uv.txt
	@echo "Fetching uv …"
	@rm -rf .uv && PIP_USER=0 python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--no-deps --only-binary :all: --require-hashes --target .uv -r tools/uv.txt
	@touch $(UV)

.venv/.engines: .venv/.installed tools/engines.txt
	@echo "Installing what engines need into .venv …"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r tools/engines.txt
	@touch $@

# The project goes in last and editable, built by the locked hatchling: nothing is fetched that is not pinned.
.venv/.installed: requirements.lock pyproject.toml $(UV)
	@echo "Installing into .venv …"
	@test -x $(BIN)/python || $(UV) venv --quiet --python python3 .venv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m tradewind.app.nursery # compiles what a start imports
	@touch $@
