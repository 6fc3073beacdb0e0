# Two commands for a new machine: `make demo` and `make test`. All else below is for people who work on the package.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
export PYTHONUTF8 = 1
# One thread per process: results do not depend on the number of cores, and tests run side by side.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test proof lint lab lock test-engines test-browser bench engines-env clean

demo: .venv/run
	$(BIN)/loyalty demo

test: .venv/test
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not proof and not engines and not browser"
	@$(MAKE) --no-print-directory lint

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

proof: .venv/test
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "proof"

test-engines: .venv/engines
	$(BIN)/python -m pytest -m "engines"

test-browser: .venv/engines
	$(BIN)/python -m pytest -m "browser"

bench: .venv/bench
	$(BIN)/python -m benchmarks results

lab: .venv/engines
	$(BIN)/python -m ipykernel install --sys-prefix --name loyalty --display-name "loyalty_analytics"
	$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/docs/tour.ipynb

# The locks hold hashes for every supported Python and name no package host; only this target uses uv.
lock:
	for name in run test engines; do \
	  extras=$$(case $$name in run) ;; test) echo "--extra test" ;; \
	    *) echo "--extra test --extra browser --extra lab --extra spark --extra postgres --extra weights" ;; esac); \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header $(UPGRADE) $$extras pyproject.toml locks/build.in -o locks/$$name.txt || exit 1; \
	done

.venv/made:
	$(PYTHON) -m venv .venv
	@touch $@

define install
	$(PIP) install --quiet --require-hashes -r $<
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/run: locks/run.txt pyproject.toml | .venv/made
	$(install)

.venv/test: locks/test.txt pyproject.toml | .venv/made
	$(install)
	@touch .venv/run

.venv/engines: locks/engines.txt pyproject.toml | .venv/made
	$(install)
	@touch .venv/run .venv/test

.venv/bench: benchmarks/requirements.txt .venv/test
	$(PIP) install --quiet -r $<
	@touch $@

clean:
	rm -rf .venv reports/* data/processed/* logs .pytest_cache .mypy_cache .ruff_cache
