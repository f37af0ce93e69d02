"""How fast the site is: one file a benchmark, run by `python -m benchmarks NAME`."""
