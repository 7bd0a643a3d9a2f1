"""Adapters for the frameworks that people already run.  Each needs its framework, which an extra installs.

All go through `Cleaner.results`, as `cleaner run` does: the clean text is the same to the byte.  What they bound is the
size of documents; the time that one may take is bounded by worker processes alone, which `run` and `pipe` have.
"""
