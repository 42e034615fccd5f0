# Everything that people do with Promptgram. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA_DIR ?= var
EXTRAS := gateway,moderation,generation,search,feed,local
WEB := services/gateway/web
WEB_SOURCES := $(shell find $(WEB) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
CODE := shared services deploy training promptgram tests

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help simulate setup run seed test test-fast test-failed test-web test-shuffled planted-bugs fuzz lint types format bench bench-overhead bench-crowd bench-society bench-moderation bench-painting bench-searching bench-freshness modal-deploy modal-run up down trace dlq replay reindex optimize-search train-pocket train-clip moderate train-moderation \
	eval-moderation eval-search eval-feed choose-feed compare-feed simulate-community screenshots figures lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}'

# ── setting up ───────────────────────────────────────────────────────────────────────────────────────────────────────

$(VENV)/.run: pyproject.toml requirements.lock
	@test -x $(BIN)/python || { echo "making the virtual environment …"; $(PYTHON) -m venv $(VENV); }
	@echo "installing locked dependencies (about 2 GB; some minutes the first time) …"
	@$(BIN)/pip install --disable-pip-version-check --no-input -c requirements.lock -e ".[$(EXTRAS)]" \
		| sed -u '/^Requirement already satisfied/d'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "installing test tools …"
	@$(BIN)/pip install --disable-pip-version-check --no-input -c requirements.lock -e ".[$(EXTRAS),modal,training,dev]" \
		| sed -u '/^Requirement already satisfied/d'
	@touch $@

$(WEB)/dist/index.html: $(VENV)/.run $(WEB_SOURCES)
	@$(BIN)/python -m deploy.local.web_build $(WEB)

setup: $(VENV)/.dev $(WEB)/dist/index.html ## install everything and build the web app

# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────

run: $(VENV)/.run $(WEB)/dist/index.html ## start the whole stack on this machine (PORT, DATA_DIR, MODEL)
	@DATA_DIR="$(DATA_DIR)" exec $(BIN)/python -m deploy.local

seed: $(VENV)/.run ## fill the running stack with a community (COUNT of posts, URL or DATA_DIR); run again to go on
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.seed $(if $(COUNT),--count $(COUNT)) $(if $(URL),--url $(URL))

up: deploy/.env ## start the stack in containers
	docker compose -f deploy/compose.yaml up --build --wait

down: ## stop the containers
	@test -f deploy/.env || { echo "There is no deploy/.env, so no stack was started from here by make up."; exit 1; }
	docker compose -f deploy/compose.yaml down

deploy/.env:
	@$(PYTHON) -m deploy.secrets

trace: $(VENV)/.run ## draw a trace (ID=<trace, generation or post id>; the latest without)
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.tools.trace $(ID)

dlq: $(VENV)/.run ## list events that could not be handled (ID=<#> shows one in full)
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.tools.dead_letters list $(if $(ID),--id $(ID))

replay: $(VENV)/.run ## send dead letters again (ID=<sequence>; all without)
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.tools.dead_letters replay $(if $(ID),--id $(ID),--all)

reindex: $(VENV)/.run ## have search and the feed take in every post again (goes on where it was cut off; AGAIN=1 starts over)
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.tools.reindex $(if $(AGAIN),--again)

optimize-search: $(VENV)/.run ## build the search index's graphs in its folder, while the stack is stopped
	@DATA_DIR="$(DATA_DIR)" $(BIN)/python -m deploy.tools.optimize_search

# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test: setup lint types test-web ## run every test
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -q

test-fast: setup ## run the tests that need no running stack
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "not system and not browser"

test-failed: setup ## run what failed in the last run once more, one after the other
	@$(BIN)/python -m pytest --last-failed --last-failed-no-failures none -q

test-web: setup ## check the page's style and run its unit tests
	@$(BIN)/python -m deploy.local.web_build $(WEB) lint test

test-shuffled: setup ## run the API tests twice in random order, by two processes (SEED)
	@for seed in $(or $(SEED),$$RANDOM $$RANDOM); do \
		$(BIN)/python -m pytest tests/api -n 2 --dist loadgroup -q --random-order-bucket=global --random-order-seed=$$seed; done

planted-bugs: setup ## plant one bug after the other in a copy of the sources and see which test notices (BUG=<words of one>)
	@$(BIN)/python -m tests.planted $(if $(BUG),"$(BUG)")

fuzz: setup ## send made-up requests to the API for a while (MINUTES, default 10)
	@FUZZ_MINUTES=$(or $(MINUTES),10) $(BIN)/python -m pytest -q tests/api/test_fuzz.py

lint: $(VENV)/.dev ## check style
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check -q $(CODE)

types: $(VENV)/.dev ## check types
	@$(BIN)/mypy

format: $(VENV)/.dev ## mend style
	@$(BIN)/ruff check --fix -q $(CODE); $(BIN)/ruff format -q $(CODE)

bench-overhead: setup ## measure what generation adds around the model and the encoder (OUT=<json>)
	@$(BIN)/python -m deploy.bench.overhead $(if $(OUT),--out $(OUT))

bench-crowd: setup ## measure eight people at once, batching, and turns on the whole pipeline (OUT=<json>)
	@$(BIN)/python -m deploy.bench.crowd $(if $(OUT),--out $(OUT))

bench-society: setup ## measure 200 people at once, and reads and writes with 50,000 posts stored (OUT=<json>)
	@$(BIN)/python -m deploy.bench.society $(if $(OUT),--out $(OUT))

bench-searching: setup ## measure the index beside exact search over the same vectors (POSTS, OUT=<json>)
	@$(BIN)/python -m deploy.bench.searching $(if $(POSTS),--posts $(POSTS)) $(if $(OUT),--out $(OUT))

bench-freshness: setup ## measure how soon a new post is found, alone and while a reindex runs (POSTS, OUT=<json>)
	@$(BIN)/python -m deploy.bench.freshness $(if $(POSTS),--posts $(POSTS)) $(if $(OUT),--out $(OUT))

bench-moderation: setup ## measure how long moderation takes over prompts, hostile texts and pictures, on one core (DATA=<folder> OUT=<json>)
	@$(BIN)/python -m training.moderation.gates $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT))

bench-painting: setup ## measure one model by batch size on the GPU or CPU at hand (MODEL, WAYS, BATCHES, OUT=<json>)
	@$(BIN)/python -m deploy.bench.painting $(if $(MODEL),--model $(MODEL)) $(if $(WAYS),--ways $(WAYS)) \
		$(if $(BATCHES),--batches $(BATCHES)) $(if $(OUT),--out $(OUT))

bench: setup ## measure the pipeline's overhead beside calling the model directly (OUT=<json>)
	@$(BIN)/python -m deploy.bench $(if $(OUT),--out $(OUT))

# ── Modal ────────────────────────────────────────────────────────────────────────────────────────────────────────────

modal-deploy: $(VENV)/.dev ## bring the model to Modal's GPUs (MODEL=<id of the registry>; needs a token)
	@$(BIN)/python -m deploy.modal_account
	@$(BIN)/modal run -m services.generation.modal_app::download
	@$(BIN)/modal deploy -m services.generation.modal_app

modal-run: $(VENV)/.dev ## paint one picture on Modal (PROMPT="a red fox" MODEL, OUT=<file>)
	@$(BIN)/python -m deploy.modal_account
	@$(BIN)/modal run -m services.generation.modal_app::main $(if $(PROMPT),--prompt "$(PROMPT)") $(if $(OUT),--out $(OUT))

screenshots: setup ## take docs/screenshots anew: the main pages at three widths in both themes
	@$(BIN)/python -m tests.web.screenshots

figures: setup ## measure the built page: loading, scrolling, memory
	@$(BIN)/python -m tests.web.figures

simulate: $(VENV)/.run ## compare scaling policies in simulated time (TRACE=<csv> OUT=<json> PLOT=<svg> CHOOSING=1)
	@$(BIN)/python -m deploy.simulator $(if $(CHOOSING),--choosing) $(if $(TRACE),--trace $(TRACE)) $(if $(OUT),--out $(OUT)) $(if $(PLOT),--plot $(PLOT))

# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────

train-pocket: setup ## train the pocket model, write its weights, measure them and write the card (resumable; TRAIN_DIR)
	@$(BIN)/python -m training.pocket
	@$(BIN)/python -m training.pocket.export
	@$(BIN)/python -m training.pocket.evaluate
	@$(BIN)/python -m training.pocket.card

train-clip: setup ## train search's image encoder and examine it (resumable; TRAIN_DIR)
	@$(BIN)/python -m training.clip
	@$(BIN)/python -m training.clip.evaluate

train-moderation: setup ## train the moderation heads (DATA=<folder>)
	@$(BIN)/python -m training.moderation $(if $(DATA),--data $(DATA))

moderate: $(VENV)/.run ## judge texts and pictures (TEXTS=<file> IMAGES=<folder>)
	@$(BIN)/python -m services.moderation.try_it $(if $(TEXTS),--texts $(TEXTS)) $(if $(IMAGES),--images $(IMAGES))

eval-moderation: setup ## measure moderation on a folder of TSV files (DATA=<folder>)
	@$(BIN)/python -m training.moderation.evaluate $(if $(DATA),--data $(DATA))

eval-search: setup ## measure search on made-up communities and choose its weights (OUT=<json> PLOT=<svg> TRAIN_DIR)
	@$(BIN)/python -m training.search_eval $(if $(OUT),--out $(OUT)) $(if $(PLOT),--plot $(PLOT))

eval-feed: setup ## measure the feed on public data and on a simulated community (OUT=<json> PLOTS=<folder>)
	@$(BIN)/python -m training.feed_eval $(if $(OUT),--out $(OUT)) $(if $(PLOTS),--plots $(PLOTS))

choose-feed: setup ## choose the settings of the feed's models and of its rivals, on validation data
	@$(BIN)/python -m training.feed_eval.choose

compare-feed: setup ## estimate what other ways of filling the explored places would earn, from the feed's log (DAYS, MONGODB_URL)
	@$(BIN)/python -m training.feed_eval.compare $(if $(DAYS),--days $(DAYS))

simulate-community: setup ## let a made-up community read the feed (OUT=<json>)
	@$(BIN)/python -m training.feed_eval.simulation $(if $(OUT),--out $(OUT))

# ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────────────

lock: $(VENV)/.dev ## write the lock file from what is installed
	@$(BIN)/pip freeze --exclude-editable --exclude pip-tools | sed 's/+cpu$$//' > requirements.lock

clean: ## remove what was built, but no data
	rm -rf $(VENV) $(WEB)/dist $(WEB)/node_modules
