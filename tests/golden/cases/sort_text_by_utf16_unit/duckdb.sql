-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"o" AS NOT MATERIALIZED (SELECT * FROM "s")
SELECT * FROM "o" ORDER BY CASE WHEN strlen("t") = length("t") THEN "t" ELSE ps_utf16_key("t") END ASC NULLS FIRST;
