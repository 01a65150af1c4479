-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"o" AS NOT MATERIALIZED (SELECT * FROM "s")
SELECT * FROM "o" ORDER BY xor("a", 0) ASC NULLS FIRST, CASE WHEN strlen("b") = length("b") THEN "b" ELSE ps_utf16_key("b") END DESC NULLS LAST;
