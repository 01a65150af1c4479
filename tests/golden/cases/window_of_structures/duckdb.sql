-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, count("m") OVER f AS "n", lag("g", 1) OVER w AS "before", first_value("m") OVER f AS "first", last_value("at") OVER f AS "last" FROM "s" WINDOW w AS (ORDER BY xor("id", 0) ASC NULLS FIRST), f AS (ORDER BY xor("id", 0) ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", "n" AS "n", "before" AS "before", "first" AS "first", "last" AS "last" FROM "w")
SELECT * FROM "p";
