# What a person wants, by name. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help up down study kills boundaries evidence test check fix fuzz bench corpus docs lock code contracts
PY := .venv/bin/python
SIZE ?= small
SECONDS ?= 600
ONLY ?=
WHO ?= researcher
PEOPLE ?= 20000
SEED ?= 1

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

up: ## run the product with embedded defaults and synthetic data
	@.ci/bootstrap run
	@exec .venv/bin/tre up

down: ## stop every process of `make up`
	@.venv/bin/tre down

code: ## print a demonstration account's one-time code (WHO=researcher)
	@.venv/bin/tre code $(WHO)

study: ## run the first study end to end, without a person (PEOPLE=20000)
	@.ci/bootstrap dev
	@$(PY) -m tests.study --people $(PEOPLE)

evidence: ## look at the installation against SATRE 2.0 and write a dated pack of what was shown
	@.ci/bootstrap run
	.venv/bin/tre evidence

kills: ## kill each kind of process in the middle of the study, and see it completed after all
	@.ci/bootstrap dev
	$(PY) -m tests.study.kills

boundaries: ## kill the airlock at random transaction boundaries for so long (SECONDS=600), and see that all holds
	@.ci/bootstrap dev
	$(PY) -m tests.airlock_kills --seconds $(SECONDS)

test: ## run every test, those of the database on PostgreSQL too; installs what it needs
	@.ci/bootstrap dev
	$(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
	TRE_TEST_DB=postgresql $(PY) -m pytest -q -n 2 --dist loadfile -m django_db $$(grep -rl django_db tests --include='test_*.py')

check: ## ruff, mypy, import-linter, djlint, the contracts' record, and what the README says; changes nothing
	@.ci/bootstrap dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint tre --lint --quiet
	$(PY) -m tre.contracts check
	$(PY) -m tests.readme

contracts: ## have the data contracts' new versions accepted, unless one breaks what relies on it
	$(PY) -m tre.contracts accept

fix: ## let the tools mend what they can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

fuzz: ## fuzz the parsers and then the readers of disclosure inspection, each so long (SECONDS=600)
	@.ci/bootstrap dev
	$(PY) -m tests.fuzz.parsers -max_total_time=$(SECONDS)
	$(PY) -m tests.fuzz.readers $(SECONDS)

bench: ## run the benchmarks (ONLY=name SIZE=small|medium|large)
	@.ci/bootstrap dev
	$(PY) -m tests.bench.harness --size $(SIZE) $(if $(ONLY),--only $(ONLY))

corpus: ## judge inspection by planted leaks and clean look-alikes, and write docs/detection.md (SEED=1)
	@.ci/bootstrap dev
	$(PY) -m tests.corpus --seed $(SEED)

docs: ## write docs/settings.md, airlock.md, red-team.md, openapi.json and pages.md from what they tell of, and take over the pictures
	$(PY) -m tre.config.documentation
	$(PY) -m tre.airlock.documentation
	$(PY) -m tests.red_team
	DJANGO_SETTINGS_MODULE=tre.config.settings $(PY) -m tre.api.document
	$(PY) -m tests.pages
	@for name in jupyterlab airlock launcher; do cp build/screenshots/$$name.png docs/images/; done

# torch is pinned apart: its CPU build is another file. rfc3987-syntax makes 38 parsers when it is imported, two seconds of
# every notebook server's and the Hub's start, for a format that no schema here has: jsonschema does without it.
# xgboost is there as xgboost-cpu, and neither it nor torch needs a GPU's libraries here.
GPU := cuda-bindings cuda-pathfinder cuda-toolkit triton xgboost $(addprefix nvidia-,cublas cuda-cupti cuda-nvrtc cuda-runtime \
	cudnn-cu13 cufft cufile curand cusolver cusparse cusparselt-cu13 nccl-cu12 nccl-cu13 nvjitlink nvshmem-cu13 nvtx)
LEFT_OUT := $(addprefix --no-emit-package ,torch rfc3987-syntax lark $(GPU))

lock: ## renew the locks from pyproject.toml
	$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-annotate --no-header $(LEFT_OUT) pyproject.toml -o requirements.lock
	$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-annotate --no-header $(LEFT_OUT) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
