-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"g" AS NOT MATERIALIZED (SELECT "k", '{"g":[' || coalesce(string_agg('[' || coalesce('{"i":' || CAST("v" AS VARCHAR) || '}', 'null') || ']', ',' ORDER BY xor("o", 0) DESC NULLS LAST), '') || ']}' AS "vs" FROM "s" GROUP BY "k")
SELECT * FROM "g";
