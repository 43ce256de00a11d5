"""Take in the replies of an LLM batch job: `import_labels.py --db FILE --replies replies.jsonl`."""

from __future__ import annotations

import sys

try:
    from support_analytics.llm.cli import import_main
except ModuleNotFoundError as missing:
    sys.exit(f"Python module {missing.name} is missing: install the Python requirements first")

if __name__ == "__main__":
    sys.exit(import_main())
