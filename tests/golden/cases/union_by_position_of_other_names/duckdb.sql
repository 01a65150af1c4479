-- out
WITH "x" AS NOT MATERIALIZED (SELECT * FROM source('x')),
"y" AS NOT MATERIALIZED (SELECT * FROM source('y')),
"u" AS NOT MATERIALIZED (SELECT "p" AS "a", "q" AS "b" FROM "y"),
"u 2" AS NOT MATERIALIZED ((SELECT "a", "b" FROM "x") UNION ALL (SELECT "a", "b" FROM "u"))
SELECT * FROM "u 2";
