-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", "tags" AS "_1" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0" FROM (SELECT *, unnest(CASE WHEN len(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) > 0 THEN CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END ELSE [NULL] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "tags" FROM "p 2"),
"q" AS NOT MATERIALIZED (SELECT "id" AS "id", (CASE WHEN "tags" IS NULL THEN NULL WHEN starts_with("tags", '"') AND NOT contains("tags", '\') THEN substring("tags", 2, length("tags") - 2) WHEN (starts_with("tags", '{"l":') OR starts_with("tags", '{"i":')) THEN substring("tags", 6, strlen("tags") - 6) ELSE ps_value_to_text("tags") END) AS "tags" FROM "p 3")
SELECT * FROM "q";
