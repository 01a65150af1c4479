"""The table of component kinds, written out."""

from penstock.lang.components import (
    aggregate,
    assertion,
    clone,
    cross_join,
    cube,
    database_destination,
    database_source,
    distinct,
    file_destination,
    file_source,
    filter,
    join,
    limit,
    rank,
    rest_api_destination,
    rest_api_source,
    sample,
    select,
    sort,
    union,
    window,
)
from penstock.lang.components.spec import Component

COMPONENTS: dict[str, Component] = {
    module.type: module
    for module in (
        file_source.component,
        rest_api_source.component,
        database_source.component,
        select.component,
        filter.component,
        assertion.component,
        clone.component,
        sort.component,
        limit.component,
        sample.component,
        distinct.component,
        rank.component,
        window.component,
        aggregate.component,
        cube.component,
        join.component,
        cross_join.component,
        union.component,
        file_destination.component,
        rest_api_destination.component,
        database_destination.component,
    )
}
"""Wire type to component."""

NOT_YET: frozenset[str] = frozenset(
    f"{name}_component"
    for name in """
    netsuite_source bigquery_source mongodb_source salesforce_source google_sheets_source
    adwords_source bingads_source facebook_ads_insights_source google_analytics_source
    redshift_destination snowflake_destination bigquery_destination mongodb_destination
    salesforce_destination google_sheets_destination facebook_ads_destination run_package execute_sql
    file_mover
    """.split()
)
"""Kinds of the language that are known by name and not built yet."""
