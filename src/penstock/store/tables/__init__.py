"""The tables: rows are the records, and their attributes have the wire's names."""

from penstock.store.tables.account import Account, ApiKey, Member, User
from penstock.store.tables.base import Base
from penstock.store.tables.cluster import Cluster
from penstock.store.tables.connection import Connection
from penstock.store.tables.event import Event
from penstock.store.tables.job import Job, JobLogLine, JobOutput, JobSource
from penstock.store.tables.package import Package, PackageValidation, SecretVariable
from penstock.store.tables.watch import Watch
from penstock.store.tables.watermark import Watermark
from penstock.store.tables.worker import Slot, Worker

__all__ = [
    "Account",
    "ApiKey",
    "Base",
    "Cluster",
    "Connection",
    "Event",
    "Job",
    "JobLogLine",
    "JobOutput",
    "JobSource",
    "Member",
    "Package",
    "PackageValidation",
    "SecretVariable",
    "Slot",
    "User",
    "Watch",
    "Watermark",
    "Worker",
]
