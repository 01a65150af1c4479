-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", "tags" AS "_1" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0" FROM (SELECT *, unnest(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "tag" FROM "p 2"),
"q" AS NOT MATERIALIZED (SELECT "id" AS "id", (CASE WHEN "tag" IS NULL THEN NULL WHEN starts_with("tag", '"') AND NOT contains("tag", '\') THEN substring("tag", 2, length("tag") - 2) WHEN (starts_with("tag", '{"l":') OR starts_with("tag", '{"i":')) THEN substring("tag", 6, strlen("tag") - 6) ELSE ps_value_to_text("tag") END) AS "tag" FROM "p 3")
SELECT * FROM "q";
