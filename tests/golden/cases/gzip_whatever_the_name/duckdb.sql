-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", (ps_value_to_text("b")) AS "t", (ps_value_to_int("b")) AS "n" FROM "s")
SELECT * FROM "p";
