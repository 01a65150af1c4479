-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "t" AS "t", CAST(CASE WHEN strlen("t") = length("t") THEN CAST(length("t") AS INTEGER) ELSE ps_utf16_length("t") END AS BIGINT) AS "n" FROM "s")
SELECT * FROM "p";
