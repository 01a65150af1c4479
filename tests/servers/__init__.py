"""Servers that tests need: each starts from a package of the index, without root and without containers."""

from __future__ import annotations

from .google import GoogleFront
from .maria import MariaDB, mariadb
from .postgresql import Postgres, postgres
from .programs import NotHad, free_port, full
from .relay import Relay
from .sftp import Sshd, sshd
from .spark_process import spark
from .ssh import SshServer
from .stores import (
    AZURE_ACCOUNT,
    HTTP_PASSWORD,
    S3_KEY,
    azurite,
    files_over_http,
    make_container,
    mongo_alike,
    moto,
    rclone,
)
from .taps import tap_jsonl

__all__ = [
    "AZURE_ACCOUNT",
    "HTTP_PASSWORD",
    "S3_KEY",
    "GoogleFront",
    "MariaDB",
    "NotHad",
    "Postgres",
    "Relay",
    "SshServer",
    "Sshd",
    "azurite",
    "files_over_http",
    "free_port",
    "full",
    "make_container",
    "mariadb",
    "mongo_alike",
    "moto",
    "postgres",
    "rclone",
    "spark",
    "sshd",
    "tap_jsonl",
]
