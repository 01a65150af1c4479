-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, CAST(rank() OVER w AS INTEGER) AS "rank", CAST(dense_rank() OVER w AS INTEGER) AS "dense_rank", CASE WHEN count(*) OVER p = 1 THEN CAST('NaN' AS DOUBLE) ELSE CAST(rank() OVER w - 1 AS DOUBLE) / (count(*) OVER p - 1) END AS "percent_rank", CAST(rank() OVER w AS DOUBLE) / count(*) OVER p AS "cume_dist" FROM "s" WINDOW w AS (PARTITION BY "k" ORDER BY xor("v", 0) ASC NULLS FIRST), p AS (PARTITION BY "k"))
SELECT * FROM "w";
