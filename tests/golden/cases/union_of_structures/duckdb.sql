-- out
WITH "x" AS NOT MATERIALIZED (SELECT * FROM source('x')),
"y" AS NOT MATERIALIZED (SELECT * FROM source('y')),
"u" AS NOT MATERIALIZED (SELECT "m" AS "m", "g" AS "g" FROM "y"),
"u 2" AS NOT MATERIALIZED ((SELECT "m", "g" FROM "x") UNION ALL (SELECT "m", "g" FROM "u"))
SELECT * FROM "u 2";
