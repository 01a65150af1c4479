-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"r" AS NOT MATERIALIZED (SELECT *, CAST(rank() OVER w AS BIGINT) AS "rank" FROM "s" WINDOW w AS (ORDER BY CASE WHEN strlen("t") = length("t") THEN "t" ELSE ps_utf16_key("t") END ASC NULLS FIRST, ("at").t ASC NULLS FIRST)),
"r 2" AS NOT MATERIALIZED (SELECT "rank" AS "rank", "t" AS "t", "at" AS "at", "v" AS "v" FROM "r")
SELECT * FROM "r 2";
