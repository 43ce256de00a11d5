"""Judge the category rules on labelled text: `evaluate_rules.py LABELLED.csv`."""

from __future__ import annotations

import sys

try:
    from support_analytics.evaluation_cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(main())
