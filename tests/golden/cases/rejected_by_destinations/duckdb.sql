CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- json
SELECT * FROM shared_0;

-- parquet
SELECT * FROM shared_0;

-- kept
WITH "json rejected" AS NOT MATERIALIZED (SELECT * FROM source('json rejected')),
"parquet rejected" AS NOT MATERIALIZED (SELECT * FROM source('parquet rejected')),
"all" AS NOT MATERIALIZED ((SELECT "record", "reason", "place" FROM "json rejected") UNION ALL (SELECT "record", "reason", "place" FROM "parquet rejected")),
"pick" AS NOT MATERIALIZED (SELECT "record" AS "record", "reason" AS "reason", "place" AS "place", (CASE WHEN isfinite(TRY_CAST("_0" AS DOUBLE)) AND NOT contains("_0", '_') AND NOT contains("_0", '+-') THEN TRY_CAST("_0" AS DOUBLE) WHEN ("_0" IS NULL OR NOT regexp_matches("_0", '\p{N}|NaN|Infinity')) THEN NULL ELSE ps_text_to_double("_0") END) AS "y" FROM (SELECT *, CAST(CASE WHEN ("place" = 'record 2') THEN 'NaN' WHEN NOT (("place" = 'record 2')) THEN '1.5' END AS VARCHAR) AS "_0" FROM "all"))
SELECT * FROM "pick";

-- last
WITH "kept rejected" AS NOT MATERIALIZED (SELECT * FROM source('kept rejected'))
SELECT * FROM "kept rejected";
