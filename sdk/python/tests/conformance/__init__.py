"""The driver of the conformance suite; `python -m tests.conformance` runs it."""
