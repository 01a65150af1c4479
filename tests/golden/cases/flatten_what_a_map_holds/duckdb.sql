-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", CASE WHEN starts_with("_0", '"') AND NOT contains("_0", '\') THEN "_0" WHEN "_0" IS NULL OR "_0" = 'null' THEN NULL WHEN ("_0" >= '0' AND "_0" < ':' OR "_0" >= '-0' AND "_0" < '-:') AND strlen("_0") <= 18 AND NOT contains("_0", '.') AND NOT contains("_0", 'e') AND NOT contains("_0", 'E') THEN '{"l":' || "_0" || '}' WHEN "_0" = 'true' OR "_0" = 'false' THEN "_0" ELSE ps_json_value("_0") END AS "_1" FROM (SELECT *, CAST(struct_extract("m", 'x') AS VARCHAR) AS "_0" FROM "s")),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0" FROM (SELECT *, unnest(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "x" FROM "p 2"),
"q" AS NOT MATERIALIZED (SELECT "id" AS "id", (CASE WHEN "x" IS NULL THEN NULL WHEN starts_with("x", '"') AND NOT contains("x", '\') THEN substring("x", 2, length("x") - 2) WHEN (starts_with("x", '{"l":') OR starts_with("x", '{"i":')) THEN substring("x", 6, strlen("x") - 6) ELSE ps_value_to_text("x") END) AS "x" FROM "p 3")
SELECT * FROM "q";
