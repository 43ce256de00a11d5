"""Write requests for an LLM batch job: `export_prompts.py --db FILE --out requests.jsonl`."""

from __future__ import annotations

import sys

try:
    from support_analytics.llm.cli import export_main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(export_main())
