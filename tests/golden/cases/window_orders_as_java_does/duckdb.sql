-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, CAST(row_number() OVER w AS INTEGER) AS "by_text" FROM "s" WINDOW w AS (ORDER BY CASE WHEN strlen("t") = length("t") THEN "t" ELSE ps_utf16_key("t") END ASC NULLS FIRST)),
"x" AS NOT MATERIALIZED (SELECT *, CAST(row_number() OVER w AS INTEGER) AS "by_time" FROM "w" WINDOW w AS (ORDER BY ("at").t ASC NULLS FIRST)),
"y" AS NOT MATERIALIZED (SELECT *, CAST(row_number() OVER w AS INTEGER) AS "by_number" FROM "x" WINDOW w AS (ORDER BY "d" + 0::DOUBLE ASC NULLS FIRST, ("d" = 0 AND signbit("d")) DESC NULLS FIRST))
SELECT * FROM "y";
