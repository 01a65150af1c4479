-- out
WITH "x" AS NOT MATERIALIZED (SELECT * FROM source('x')),
"u" AS NOT MATERIALIZED (SELECT (CAST("a" AS BIGINT)) AS "a", (CAST("b" AS DOUBLE)) AS "b", (CAST("c" AS FLOAT)) AS "c" FROM "x"),
"y" AS NOT MATERIALIZED (SELECT * FROM source('y')),
"z" AS NOT MATERIALIZED (SELECT * FROM source('z')),
"u 2" AS NOT MATERIALIZED (SELECT (CAST("a" AS BIGINT)) AS "a", (CAST("b" AS DOUBLE)) AS "b", (CAST("c" AS FLOAT)) AS "c" FROM "z"),
"u 3" AS NOT MATERIALIZED ((SELECT "a", "b", "c" FROM "u") UNION ALL (SELECT "a", "b", "c" FROM "y") UNION ALL (SELECT "a", "b", "c" FROM "u 2"))
SELECT * FROM "u 3";
