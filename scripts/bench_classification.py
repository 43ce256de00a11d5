"""Time the classification of many tickets: `bench_classification.py --tickets 1000000`."""

from __future__ import annotations

import sys

try:
    from support_analytics.classification_bench import main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(main())
