"""One file per resource: the JSON the wire promises, as types, and how a row becomes it."""

from penstock.api.schemas import clusters, connections, fields, jobs, packages, system, users, validations, watchers
