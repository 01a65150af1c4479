-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"a" AS NOT MATERIALIZED (SELECT "k", '{"g":[' || coalesce(string_agg('[' || coalesce('{"d":"' || ps_double_to_text("v") || '"}', 'null') || ']', ',' ORDER BY "v" + 0::DOUBLE ASC NULLS FIRST, ("v" = 0 AND signbit("v")) DESC NULLS FIRST), '') || ']}' AS "vs" FROM "s" GROUP BY "k"),
"p" AS NOT MATERIALIZED (SELECT "vs" AS "_0", "k" AS "_1" FROM "a"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_0_0" FROM (SELECT *, unnest(CASE WHEN starts_with("_0", '{"g":') THEN CAST(json_extract("_0", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_0", '{"u":') THEN [CAST(json_extract("_0", '$.u') AS VARCHAR)] WHEN "_0" IS NOT NULL THEN ['[' || "_0" || ']'] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT (CASE WHEN "_0_0" IS NULL THEN NULL WHEN (starts_with("_0_0", '{"l":') OR starts_with("_0_0", '{"i":')) THEN CAST(CAST(substring("_0_0", 6, strlen("_0_0") - 6) AS BIGINT) AS DOUBLE) WHEN starts_with("_0_0", '{"d":') AND "_0_0"[6] <> '"' THEN CAST(substring("_0_0", 6, strlen("_0_0") - 6) AS DOUBLE) ELSE ps_value_to_double("_0_0") END) AS "v", "_1" AS "k" FROM "p 2")
SELECT * FROM "p 3";
