"""Throughput: autoopt and its peers on the same candidates, each measurement in a fresh process.

`tasks.py` says what is measured, `runner.py` runs it, `table.py` reads it. Only what runs in the measured
process (`__main__.py`, `problems.py`, `candidates.py`, `tuners/`) imports a framework.
"""
