"""`python -m benchmarks NAME`: each prints a table, and writes it as JSON with --out."""

from benchmarks.cli import main

main()
