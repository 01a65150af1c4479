"""The rows that services give back, by name: rooms that may not import the store read them from here."""

from penstock.store.queries.jobs import Shown as ShownJob
from penstock.store.tables import (
    Account,
    Cluster,
    Connection,
    Job,
    JobOutput,
    JobSource,
    Package,
    PackageValidation,
    Slot,
    User,
    Watch,
    Worker,
)

__all__ = [
    "Account",
    "Cluster",
    "Connection",
    "Job",
    "JobOutput",
    "JobSource",
    "Package",
    "PackageValidation",
    "ShownJob",
    "Slot",
    "User",
    "Watch",
    "Worker",
]
