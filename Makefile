# Only calls lab.py, which works without make too: python3 lab.py reproduce|plan|bench|book|reliability|test|lab|venv.
#
#   make reproduce TIER=smoke ONLY=table3 DATA=/folder OUT=/folder JOBS=2 steps=20
#   make plan TIER=smoke                              what that would do, and how long it would take
#   make reproduce TASK=derain                        the same training and evaluation on rain in place of blur
#   make bench ROUNDS=7 SIZES=256x256,1280x720 DEVICE=cpu   every way to run the network, timed against each other
#   make reliability                                  kills, hostile files, mutants of the core: reports/reliability.md
#   make book                                         the course as static pages: reports/book/index.html
#   make test ARGS="-k mshf"
#
# PYTHON=python3.12 chooses the Python that .venv is made from.

PYTHON ?= python3
quote = '$(subst ','\'',$(1))'

# Every variable of the command line, known or not, quoted for the shell: lab.py refuses what it does not know.
given = $(foreach name,$(filter-out PYTHON,$(.VARIABLES)),$(if $(filter command,$(firstword $(origin $(name)))),$(call quote,$(name)=$($(name)))))

.PHONY: reproduce plan bench book reliability test lab venv
reproduce plan bench book:
	@"$(PYTHON)" lab.py $@ $(given)

test:
	@"$(PYTHON)" lab.py test $(ARGS)

lab venv reliability:
	@"$(PYTHON)" lab.py $@
