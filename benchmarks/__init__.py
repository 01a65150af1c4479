"""Figures, not tests: what Penstock costs beside doing the same by hand on this machine.

Run `make bench`, or `python -m benchmarks --help` for parts of it. Each line is a median of several rounds in which both
sides take turns, so that the ratio means something on a machine with other things to do. (a) `latency`: a trivial job
through HTTP against starting Python; (b) `throughput`: packages as jobs against one hand-written DuckDB script each, in
`by_hand/`; (c) `requests`: authenticated reads of a job per second against an empty route; (d) `compiling`: compile time;
(e) `everyday`: fifteen packages of one kind of work each against the statement a person would write; (f) `shared`:
what each shared form costs for a million records.
The table goes to `docs/benchmarks.md`.
"""
