"""One file per resource: path, principal, one service call, one reply."""

from penstock.api.routes import (
    clusters,
    connections,
    curl,
    health,
    jobs,
    metadata,
    packages,
    system,
    users,
    validations,
    variables,
    watchers,
)

ROUTERS = (
    jobs.router,
    clusters.router,
    watchers.router,
    packages.router,
    validations.router,
    curl.router,
    metadata.router,
    connections.router,
    users.router,
    variables.router,
    system.router,
    health.router,
)
"""Every route of the server. Within a file, literal segments come before identifiers; so does the one that is a type of
connections."""
