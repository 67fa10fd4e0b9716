"""What autoopt reaches, measured: one file a benchmark, the last tables in README.md."""
