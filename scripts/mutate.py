"""Mutation tests of the models: `mutate.py`, or `make mutants`."""

from __future__ import annotations

import sys

try:
    from support_analytics.mutation_cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install requirements-dev.txt first")

if __name__ == "__main__":
    sys.exit(main())
