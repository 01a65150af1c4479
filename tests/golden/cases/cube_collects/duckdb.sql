-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "k" AS "k", "v" AS "v", CAST(CASE WHEN ("k" IS NULL) THEN 'unknown' ELSE "k" END AS VARCHAR) AS "_of_k" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "k", '{"g":[' || coalesce(string_agg('[' || coalesce('{"i":' || CAST("v" AS VARCHAR) || '}', 'null') || ']', ',' ORDER BY xor("v", 0) ASC NULLS FIRST), '') || ']}' AS "vs" FROM (SELECT *, "_of_k" AS _k0 FROM "c") GROUP BY GROUPING SETS ((_k0), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
