"""The table of component kinds, written out."""

from penstock.lang.components import (
    aggregate,
    assertion,
    bigquery,
    clone,
    cross_join,
    cube,
    database_destination,
    database_source,
    distinct,
    file_destination,
    file_source,
    filter,
    google_sheets_destination,
    google_sheets_source,
    join,
    limit,
    mongodb_destination,
    mongodb_source,
    rank,
    rest_api_destination,
    rest_api_source,
    salesforce_destination,
    salesforce_source,
    sample,
    select,
    singer_source,
    sort,
    union,
    warehouse_destinations,
    window,
)
from penstock.lang.components.spec import Component

COMPONENTS: dict[str, Component] = {
    module.type: module
    for module in (
        file_source.component,
        mongodb_source.component,
        salesforce_source.component,
        rest_api_source.component,
        google_sheets_source.component,
        singer_source.component,
        database_source.component,
        bigquery.SOURCE,
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
        mongodb_destination.component,
        salesforce_destination.component,
        rest_api_destination.component,
        google_sheets_destination.component,
        database_destination.component,
        warehouse_destinations.REDSHIFT,
        warehouse_destinations.SNOWFLAKE,
        bigquery.DESTINATION,
    )
}
"""Wire type to component."""

NOT_YET: frozenset[str] = frozenset(
    f"{name}_component"
    for name in """
    netsuite_source
    adwords_source bingads_source facebook_ads_insights_source google_analytics_source
    facebook_ads_destination run_package execute_sql
    file_mover
    """.split()
)
"""Kinds of the language that are known by name and not built yet."""
