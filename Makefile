# make setup | demo | test | soak | lint | clean     each sets up what it needs, in .venv; soak takes many minutes
# make latency-target                                how target_latency_ms does under load on this machine, in 3 minutes
# make test ROS=jazzy                                the same against another ROS, in a venv of its own
# make test ARGS='test/test_share.py -k checkout'    what pytest takes

ROS ?= $(or $(ROS_DISTRO),kilted)
ifdef ROS_DISTRO
# ROS is sourced: its own Python, its system packages, and no ROS from wheels.
PYTHON ?= /usr/bin/python3
VENV := .venv
VENV_OPTIONS := --system-site-packages
PIP_OPTIONS = -c $(VENV)/apt.txt
else
PYTHON ?= python3
VENV := .venv$(if $(filter-out kilted,$(ROS)),-$(ROS))
WHEELS := requirements/without-ros.txt requirements/ros-$(ROS).txt
$(if $(wildcard requirements/ros-$(ROS).txt),,$(error ROS=$(ROS) has no wheels: use one of $(patsubst requirements/ros-%.txt,%,$(wildcard requirements/ros-*.txt)), or source ROS 2 first))
endif
BIN := $(VENV)/bin
# Named after its kind, so that a venv made without ROS is not taken for one made with it.
COMPLETE := $(VENV)/.complete-$(ROS)$(if $(ROS_DISTRO),-apt)

.PHONY: setup demo test latency-target lint clean
setup: $(COMPLETE)

# The file is there only while the venv is whole: an interrupted setup starts again from an empty venv, and one that was
# whole is brought up to date.
$(COMPLETE): $(wildcard requirements/*.txt) setup.py setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 10) else "$(PYTHON) is Python %d.%d and sfnet_ros needs 3.10 or newer: name one with make PYTHON=python3.12" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '$(PYTHON) cannot make virtual environments: apt install python3-venv' >&2; exit 1; }
	@test -e $@ || $(PYTHON) -m venv --clear $(VENV_OPTIONS) $(VENV)
	@rm -f $@
	@$(if $(ROS_DISTRO),$(BIN)/python -c 'import numpy; print("numpy==" + numpy.__version__)' > $(VENV)/apt.txt)
	$(BIN)/pip install $(PIP_OPTIONS) $(foreach file,requirements/runtime.txt requirements/backends.txt requirements/dev.txt $(WHEELS),-r $(file))
	$(BIN)/pip install --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/sfnet prepare --model df1_camvid
	$(BIN)/sfnet bag replay test/data/camvid_0016E5 --model df1_camvid --out demo_out

# Two at a time: many tests wait for processes and for DDS. Those of one file stay together, as they share what they set up.
# Threads that wait sleep, as two networks at once have more of them than there are cores.
test: setup
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

latency-target: setup
	$(BIN)/python -m pytest -s test/trust/latency_target.py

soak: setup
	$(BIN)/python -m pytest test/trust --full -s $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv .venv-* build install log demo_out *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find launch sfnet_ros test -name __pycache__ -prune -exec rm -rf {} +
