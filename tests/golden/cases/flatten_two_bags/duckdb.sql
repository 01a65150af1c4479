-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", "a" AS "_1", "b" AS "_2" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0", "_1", "_2", nullif(CAST(json_extract(_row0, '$[0]') AS VARCHAR), 'null') AS "_1_0", nullif(CAST(json_extract(_row1, '$[0]') AS VARCHAR), 'null') AS "_2_0" FROM (SELECT *, unnest(CASE WHEN len(CASE WHEN starts_with("_2", '{"g":') THEN CAST(json_extract("_2", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_2", '{"u":') THEN [CAST(json_extract("_2", '$.u') AS VARCHAR)] WHEN "_2" IS NOT NULL THEN ['[' || "_2" || ']'] END) > 0 THEN CASE WHEN starts_with("_2", '{"g":') THEN CAST(json_extract("_2", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_2", '{"u":') THEN [CAST(json_extract("_2", '$.u') AS VARCHAR)] WHEN "_2" IS NOT NULL THEN ['[' || "_2" || ']'] END ELSE [NULL] END) AS _row1 FROM (SELECT *, unnest(CASE WHEN starts_with("_1", '{"g":') THEN CAST(json_extract("_1", '$.g[*]') AS VARCHAR[]) WHEN starts_with("_1", '{"u":') THEN [CAST(json_extract("_1", '$.u') AS VARCHAR)] WHEN "_1" IS NOT NULL THEN ['[' || "_1" || ']'] END) AS _row0 FROM "p"))),
"p 3" AS NOT MATERIALIZED (SELECT "_0" AS "id", "_1_0" AS "a", "_2_0" AS "b" FROM "p 2"),
"q" AS NOT MATERIALIZED (SELECT "id" AS "id", (ps_value_to_int("a")) AS "a", (ps_value_to_text("b")) AS "b" FROM "p 3")
SELECT * FROM "q";
