-- out
WITH "a" AS NOT MATERIALIZED (SELECT * FROM source('a')),
"u" AS NOT MATERIALIZED (SELECT (CAST("id" AS FLOAT)) AS "id", "name" AS "name" FROM "a"),
"b" AS NOT MATERIALIZED (SELECT * FROM source('b')),
"u 2" AS NOT MATERIALIZED (SELECT "number" AS "id", "label" AS "name" FROM "b"),
"u 3" AS NOT MATERIALIZED ((SELECT "id", "name" FROM "u") UNION ALL (SELECT "id", "name" FROM "u 2"))
SELECT * FROM "u 3";
