"""Build every mart from ticket and user CSVs: `build_metrics.py --tickets T.csv --out DIR`."""

from __future__ import annotations

import sys

try:
    from support_analytics.cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(main())
