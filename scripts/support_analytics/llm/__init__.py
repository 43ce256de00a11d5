"""The seam for an LLM: requests out, labels in. Nothing here calls one."""
