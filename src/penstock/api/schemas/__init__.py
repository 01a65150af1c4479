"""One file per resource: the JSON the wire promises, as types, and how a row becomes it."""

from __future__ import annotations

from typing import Any

from penstock.api.schemas import clusters, connections, fields, jobs, packages, system, users, validations, watchers

SCHEMAS: dict[str, Any] = {
    "Error": fields.Error,
    "Creator": fields.Creator,
    "Cluster": clusters.Cluster,
    "ClusterCreate": clusters.ClusterCreate,
    "ClusterUpdate": clusters.ClusterUpdate,
    "ClusterInstance": clusters.ClusterInstance,
    "ClusterPlan": system.ClusterPlan,
    "Watcher": watchers.Watcher,
    "ClusterWatch": watchers.ClusterWatch,
    "JobWatch": watchers.JobWatch,
    "Job": jobs.Job,
    "JobCreate": jobs.JobCreate,
    "JobOutput": jobs.JobOutput,
    "JobVariables": jobs.JobVariables,
    "JobLog": jobs.JobLog,
    "JobOutputPreview": jobs.JobOutputPreview,
    "Package": packages.Package,
    "PackageCreate": packages.PackageCreate,
    "PackageUpdate": packages.PackageUpdate,
    "PackageExport": packages.PackageExport,
    "PackageTemplate": packages.PackageTemplate,
    "PackageValidation": validations.PackageValidation,
    "ConnectionType": connections.ConnectionType,
    "ConnectionCheck": connections.ConnectionCheck,
    "ConnectionRung": connections.ConnectionRung,
    "ConnectionTestReport": connections.ConnectionTestReport,
    "CurlCall": connections.CurlCall,
    "ConnectionSchema": connections.ConnectionSchema,
    "ConnectionTable": connections.ConnectionTable,
    "SalesforceFields": connections.SalesforceFields,
    "SalesforceObjects": connections.SalesforceObjects,
    "ConnectionTestResult": connections.ConnectionTestResult,
    "AccountVariables": system.AccountVariables,
    "User": users.User,
    "RateLimitStatus": system.RateLimitStatus,
    "Region": system.Region,
    "Stack": system.Stack,
    "TimeZone": system.TimeZone,
    "SystemVariables": system.SystemVariables,
}
"""Every schema that operations refer to, by its name in the OpenAPI document."""
