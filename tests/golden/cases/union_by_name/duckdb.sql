-- out
WITH "a" AS NOT MATERIALIZED (SELECT * FROM source('a')),
"u" AS NOT MATERIALIZED (SELECT (CAST("id" AS BIGINT)) AS "id", (CAST("v" AS DOUBLE)) AS "v", "t" AS "t" FROM "a"),
"b" AS NOT MATERIALIZED (SELECT * FROM source('b')),
"u 2" AS NOT MATERIALIZED (SELECT "id" AS "id", "v" AS "v", "t" AS "t" FROM "b"),
"c" AS NOT MATERIALIZED (SELECT * FROM source('c')),
"u 3" AS NOT MATERIALIZED (SELECT (CAST("id" AS BIGINT)) AS "id", (CAST("v" AS DOUBLE)) AS "v", "t" AS "t" FROM "c"),
"u 4" AS NOT MATERIALIZED ((SELECT "id", "v", "t" FROM "u") UNION ALL (SELECT "id", "v", "t" FROM "u 2") UNION ALL (SELECT "id", "v", "t" FROM "u 3"))
SELECT * FROM "u 4";
