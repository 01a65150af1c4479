CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"a" AS NOT MATERIALIZED (SELECT "g", '{"g":[' || coalesce(string_agg('[' || coalesce('{"i":' || CAST("n" AS VARCHAR) || '}', 'null') || ']', ',' ORDER BY xor("n", 0) DESC NULLS LAST), '') || ']}' AS "n", '{"g":[' || coalesce(string_agg('[' || coalesce(CAST(to_json("t") AS VARCHAR), 'null') || ']', ',' ORDER BY ("at").t ASC NULLS FIRST, xor("n", 0) DESC NULLS LAST), '') || ']}' AS "t", '{"g":[' || coalesce(string_agg('[' || coalesce('{"t":[' || ("at").t || ',' || ("at").o || ']}', 'null') || ']', ',' ORDER BY xor("n", 0) ASC NULLS FIRST, ("at").t ASC NULLS FIRST), '') || ']}' AS "at", '{"g":[' || coalesce(string_agg('[' || coalesce('{"d":"' || ps_double_to_text("x") || '"}', 'null') || ']', ',' ORDER BY xor("n", 0) ASC NULLS FIRST), '') || ']}' AS "x" FROM "s" GROUP BY "g"),
"p" AS NOT MATERIALIZED (SELECT "g" AS "g", ps_bag_count("n") AS "known", "n" AS "n", "t" AS "t", "at" AS "at", "x" AS "x" FROM "a")
SELECT * FROM "p";

-- json
SELECT * FROM shared_0;

-- table
SELECT * FROM shared_0;
