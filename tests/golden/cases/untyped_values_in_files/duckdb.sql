CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", CASE WHEN contains("m", '\') OR regexp_matches("m", '[0-9][eE][-+]?[0-9]') THEN ps_map_get("m", 'x') ELSE nullif(CAST(json_extract("m", '/m/x') AS VARCHAR), 'null') END AS "_1", ps_tuple_get(CASE WHEN contains("m", '\') OR regexp_matches("m", '[0-9][eE][-+]?[0-9]') THEN ps_map_get("m", 'x') ELSE nullif(CAST(json_extract("m", '/m/x') AS VARCHAR), 'null') END, (0)::INTEGER) AS "_2", "a" AS "_3" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", "_2", "_3", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_3_0" FROM (SELECT *, unnest(CASE WHEN len(CASE WHEN starts_with("_3", '{"g":') THEN CAST(json_extract("_3", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_3", '{"u":') THEN [CAST(json_extract("_3", '$.u') AS VARCHAR)] WHEN "_3" IS NOT NULL THEN ['[' || "_3" || ']'] END) > 0 THEN CASE WHEN starts_with("_3", '{"g":') THEN CAST(json_extract("_3", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_3", '{"u":') THEN [CAST(json_extract("_3", '$.u') AS VARCHAR)] WHEN "_3" IS NOT NULL THEN ['[' || "_3" || ']'] END ELSE [NULL] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1" AS "x", "_2" AS "first", "_3_0" AS "e" FROM "p 2")
SELECT * FROM "p 3";

-- text
SELECT * FROM shared_0;

-- lines
SELECT * FROM shared_0;

-- columns
SELECT * FROM shared_0;
