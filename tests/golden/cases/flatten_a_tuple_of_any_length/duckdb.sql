-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", ps_split("t", '-', 0::INTEGER) AS "_1" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0" AS "id", ps_value_to_text(ps_tuple_get("_1", (0)::INTEGER)) AS "one", ps_value_to_text(ps_tuple_get("_1", (1)::INTEGER)) AS "two" FROM "p")
SELECT * FROM "p 2";
