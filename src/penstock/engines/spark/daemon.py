"""The process that an executor forks its Python workers from: Spark's own, with the libraries loaded before the fork.

A statement needs several workers at once, and each would load them for some seconds.
"""

from __future__ import annotations

import importlib
import os

# Before numpy is loaded: threads of its own would not survive a fork.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from pyspark.daemon import manager

from penstock.engines.duckdb.functions import load

NEEDED = (
    "pyspark.worker",
    "penstock.engines.spark.functions",
    "penstock.engines.spark.scan",
    "penstock.engines.spark.tallies",
    "penstock.engines.spark.write",
)
"""What a worker runs, and what it unpickles."""

if __name__ == "__main__":
    for name in NEEDED:
        importlib.import_module(name)
    load()
    manager()
