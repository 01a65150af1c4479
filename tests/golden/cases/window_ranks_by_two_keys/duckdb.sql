-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, CAST(rank() OVER w AS INTEGER) AS "rank", CAST(dense_rank() OVER w AS INTEGER) AS "dense" FROM "s" WINDOW w AS (ORDER BY CASE WHEN strlen("k") = length("k") THEN "k" ELSE ps_utf16_key("k") END ASC NULLS FIRST, ("at").t DESC NULLS LAST))
SELECT * FROM "w";
