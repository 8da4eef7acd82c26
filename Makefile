# make run   sets everything up and opens the lab
# make test  sets everything up and runs every check and test
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test lint format bench docs shots ship train-lm train-diffusion train-motion clean

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
PORT ?= 8501
# Processes that share the test files of `make test`, with one thread each: several threads that
# wait for one another on a busy machine make everything a few times slower.
WORKERS ?= 2
SINGLE := OMP_NUM_THREADS=1 ENGRAM_JOB_THREADS=1 ENGRAM_JOBS=1
# Of train-motion: small takes about 15 minutes of a core a model, large an accelerator.
SIZE ?= small
DEVICE ?= cpu
# Recordings of your own, see `python -m engine motion import`: their models go to training/own.
DATA ?=
TRAINED = $(if $(DATA),training/own,training/motion)
MODELS = $(if $(DATA),training/own/models,assets/models/motion)
# Only this machine can open the lab; ADDRESS=0.0.0.0 opens it to the network.
ADDRESS ?= localhost

# A stamp carries the checksum of what was installed: same requirements, nothing to do.
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.txt | cksum | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements.txt requirements-cluster.txt requirements-dev.txt | cksum | cut -d' ' -f1)

help:
	@echo "make run       set up and open the lab on port $(PORT)"
	@echo "make test      set up and run every check and test, browser tests included"
	@echo "make lint      ruff, mypy and an audit of the packages"
	@echo "make format    let ruff rewrite what it can"
	@echo "make bench     one table of ratios"
	@echo "make docs      the engine's API reference into build/docs"
	@echo "make shots     pictures of every page into shots/"
	@echo "make ship      compute the results that are shown on a first visit again"
	@echo "make train-lm  train the embedded language model again"
	@echo "make train-diffusion"
	@echo "               train the embedded text-to-image models again"
	@echo "make train-motion"
	@echo "               train the motion lab's models again, from ../shared/data/motion"

$(PY):
	@sh .ci/venv $(VENV)

$(RUN_STAMP): $(PY) requirements.txt
	@echo "Installing what the lab runs with (a few minutes the first time)."
	@$(PIP) install -q -r requirements.txt
	@rm -f $(VENV)/.run-*
	@touch $@

$(DEV_STAMP): $(PY) requirements.txt requirements-cluster.txt requirements-dev.txt
	@echo "Installing what the lab and its tests need (a few minutes the first time)."
	@$(PIP) install -q -r requirements-dev.txt
	@rm -f $(VENV)/.run-* $(VENV)/.dev-*
	@touch $@ $(RUN_STAMP)

run: $(RUN_STAMP)
	@$(if $(filter 127.0.0.1 localhost,$(ADDRESS)),ENGRAM_LOCAL=1) $(PY) -m streamlit run app.py --server.address=$(ADDRESS) --server.port=$(PORT) $(if $(HEADLESS),--server.headless=true)

test: $(DEV_STAMP)
	@$(PY) -m tests.browser.chromium
	@$(PY) -m tests.browser.proxy
	@$(MAKE) --no-print-directory lint
	@$(SINGLE) $(PY) -m pytest -n $(WORKERS) --dist loadfile

lint: $(DEV_STAMP)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) .ci/audit.py

format: $(DEV_STAMP)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(DEV_STAMP)
	@$(PY) -m benchmarks

docs: $(DEV_STAMP)
	@$(PY) .ci/docs.py build/docs

shots: $(DEV_STAMP)
	@$(PY) -m tests.browser.chromium
	@$(PY) -m tests.browser.shots

ship: $(RUN_STAMP)
	@$(PY) -m engine.runtime.ship

train-lm: $(RUN_STAMP)
	@$(PY) -m engine.models.lm.train

train-diffusion: $(RUN_STAMP)
	@$(PY) -m engine.labs.diffusion.training.judge
	@for name in full twin fast keys; do \
		$(PY) -m engine.labs.diffusion.training.train --name $$name && \
		$(PY) -m engine.labs.diffusion.training.ship --name $$name || exit 1; \
	done

train-motion: $(RUN_STAMP)
	@for name in evaluator motion-mamba transformer kmm-codec kmm kmm-decoder; do \
		$(PY) -m engine.labs.motion.training.train --name $$name \
			--size $(SIZE) --device $(DEVICE) \
			--folder $(TRAINED) $(if $(DATA),--data $(DATA)) || exit 1; \
	done
	@for name in evaluator motion-mamba transformer kmm; do \
		$(PY) -m engine.labs.motion.training.ship --name $$name --folder $(TRAINED) \
			--target $(MODELS)/$$name $(if $(DATA),--data $(DATA)) || exit 1; \
	done
ifeq ($(DATA),)
	@for name in evaluator motion-mamba; do \
		$(PY) -m engine.labs.motion.training.train --name $$name \
			--size $(SIZE) --device $(DEVICE) \
			--folder training/motion-open --datasets cmu procedural || exit 1; \
	done
	@$(PY) -m engine.labs.motion.training.ship --name motion-mamba \
		--folder training/motion-open --target assets/models/motion/motion-mamba-open
	@$(PY) -m engine.labs.motion.transient.learn
endif

clean:
	rm -rf $(VENV) shots .pytest_cache .ruff_cache .mypy_cache .hypothesis
