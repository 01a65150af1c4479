-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", "m" AS "_1" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0" FROM (SELECT *, unnest(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) AS _row0 FROM "p")),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "row" FROM "p 2"),
"q" AS NOT MATERIALIZED (SELECT "id" AS "_0", "row" AS "_1" FROM "p 3"),
"q 2" AS NOT MATERIALIZED (SELECT "_0", "_1", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0" FROM (SELECT *, unnest(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) AS _row0 FROM "q")),
"q 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "x" FROM "q 2"),
"r" AS NOT MATERIALIZED (SELECT "id" AS "id", (CASE WHEN "x" IS NULL THEN NULL WHEN (starts_with("x", '{"l":') OR starts_with("x", '{"i":')) THEN CAST((((CAST(substring("x", 6, strlen("x") - 6) AS BIGINT) & 4294967295) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) ELSE ps_value_to_int("x") END) AS "x" FROM "q 3")
SELECT * FROM "r";
