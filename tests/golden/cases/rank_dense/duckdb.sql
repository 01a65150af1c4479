-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"r" AS NOT MATERIALIZED (SELECT *, CAST(dense_rank() OVER w AS BIGINT) AS "place" FROM "s" WINDOW w AS (ORDER BY xor("v", 0) ASC NULLS FIRST)),
"r 2" AS NOT MATERIALIZED (SELECT "place" AS "place", "v" AS "v" FROM "r")
SELECT * FROM "r 2";
