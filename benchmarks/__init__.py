"""How fast it is: measured on this machine, printed, never asserted.

Run with `make bench` or `python -m benchmarks`. Every figure stands beside a limit measured
in the same run, because machines drift. Nothing here is a test, and nothing in the package
imports it.
"""
