# Two commands do everything on a bare machine (Python 3.11, pip, make, git):
#   make demo    set up, generate the demo data, run EAGLE end to end, print the table
#   make demo-real  the same on real photographs of solar cells (CC BY-NC-SA 4.0)
#   make test    set up, check the code, run the tests that take minutes; `make test-all` runs the slow ones as well
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Every process of the tests would compile this project again, and pytest rewrite every test, where the environment forbids to keep it.
unexport PYTHONDONTWRITEBYTECODE

# Three workers, since tests of servers wait much of their time; the tests of a file stay together and share what they set up.
PYTEST := $(BIN)/pytest --numprocesses 3 --max-worker-restart 0 --dist loadfile --no-loadscope-reorder

.PHONY: demo demo-real test test-all soak mutants check setup prefect benchmarks promise clean

# What was run is noted in dvc.lock, so that `dvc status` is clean and `dvc repro` runs only what has changed.
demo: setup
	$(BIN)/eagle run --profile demo
	[ ! -e .git ] || $(BIN)/dvc commit --quiet --force benchmark

# Real photographs (solar cells) from an installed package, judged with ImageNet weights from another.
demo-real: setup
	$(BIN)/eagle data fetch elpv
	$(BIN)/eagle run --profile solar

test: setup check
	$(PYTEST) -m "not slow"

test-all: setup check
	$(PYTEST)

# Minutes of load on the station and how long a part takes (measured first, on a machine that does nothing else; commit the two
# files), then property tests with many and new examples: what is found becomes an @example beside the property.
MINUTES ?= 10
soak: setup
	$(BIN)/python benchmarks/station_latency.py --parts 200 --out docs/station_latency.json
	$(BIN)/python -m benchmarks.station_load --minutes $(MINUTES) --out docs/station_load.json
	$(PYTEST) -m hypothesis --hypothesis-profile soak

# Twenty changes of the code that the tests must notice.
mutants: setup
	$(BIN)/python tests/mutants.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(INSTALLED)

# Server, work pool and worker on this machine, with everything deployed. Stop it with Ctrl-C.
prefect: setup
	$(BIN)/python -m flows.serve

benchmarks: setup
	for script in $(filter-out benchmarks/gpu.py benchmarks/station_load.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done

# Is a promised rate of false alarms kept? Hours on one core; EAGLE_REAL_DATA names the folder of real images.
promise: setup
	$(BIN)/python -m benchmarks.promise

clean:
	rm -rf $(VENV) .eagle runs build dist *.egg-info
