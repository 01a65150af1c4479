CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", CASE WHEN starts_with("_0", '"') AND NOT contains("_0", '\') THEN "_0" WHEN "_0" IS NULL OR "_0" = 'null' THEN NULL WHEN ("_0" >= '0' AND "_0" < ':' OR "_0" >= '-0' AND "_0" < '-:') AND strlen("_0") <= 18 AND NOT contains("_0", '.') AND NOT contains("_0", 'e') AND NOT contains("_0", 'E') THEN '{"l":' || "_0" || '}' WHEN "_0" = 'true' OR "_0" = 'false' THEN "_0" ELSE ps_json_value("_0") END AS "_1", ps_tuple_get(CASE WHEN starts_with("_0", '"') AND NOT contains("_0", '\') THEN "_0" WHEN "_0" IS NULL OR "_0" = 'null' THEN NULL WHEN ("_0" >= '0' AND "_0" < ':' OR "_0" >= '-0' AND "_0" < '-:') AND strlen("_0") <= 18 AND NOT contains("_0", '.') AND NOT contains("_0", 'e') AND NOT contains("_0", 'E') THEN '{"l":' || "_0" || '}' WHEN "_0" = 'true' OR "_0" = 'false' THEN "_0" ELSE ps_json_value("_0") END, (0)::INTEGER) AS "_2", "a" AS "_3" FROM (SELECT *, CAST(struct_extract("m", 'x') AS VARCHAR) AS "_0" FROM "s")),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", "_2", "_3", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_3_0" FROM (SELECT *, unnest(CASE WHEN len(CASE WHEN starts_with("_3", '{"g":') THEN CAST(json_extract("_3", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_3", '{"u":') THEN [CAST(json_extract("_3", '$.u') AS VARCHAR)] WHEN "_3" IS NOT NULL THEN ['[' || "_3" || ']'] END) > 0 THEN CASE WHEN starts_with("_3", '{"g":') THEN CAST(json_extract("_3", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_3", '{"u":') THEN [CAST(json_extract("_3", '$.u') AS VARCHAR)] WHEN "_3" IS NOT NULL THEN ['[' || "_3" || ']'] END ELSE [NULL] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1" AS "x", "_2" AS "first", "_3_0" AS "e" FROM "p 2")
SELECT * FROM "p 3";

-- text
SELECT * FROM shared_0;

-- lines
SELECT * FROM shared_0;

-- columns
SELECT * FROM shared_0;
