-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"r" AS NOT MATERIALIZED (SELECT *, CAST(rank() OVER w AS BIGINT) AS "rank" FROM "s" WINDOW w AS (ORDER BY xor("v", 0) DESC NULLS LAST, CASE WHEN strlen("k") = length("k") THEN "k" ELSE ps_utf16_key("k") END DESC NULLS LAST)),
"r 2" AS NOT MATERIALIZED (SELECT "rank" AS "rank", "k" AS "k", "v" AS "v" FROM "r")
SELECT * FROM "r 2";
