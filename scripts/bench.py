"""How long builds take: `bench.py --sizes 10k,100k,1M`."""

from __future__ import annotations

import sys

try:
    from support_analytics.bench.cli import main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(main())
