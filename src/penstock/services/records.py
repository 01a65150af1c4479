"""What services give back, by name, rows above all: rooms that may not import the store read them from here."""

from penstock.plan.ports import FieldFacts, Sampled, TableFacts
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
    "FieldFacts",
    "Job",
    "JobOutput",
    "JobSource",
    "Package",
    "PackageValidation",
    "Sampled",
    "ShownJob",
    "Slot",
    "TableFacts",
    "User",
    "Watch",
    "Worker",
]
