-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"once" AS NOT MATERIALIZED (SELECT DISTINCT ON ("t", CASE WHEN "x" = 0 AND signbit("x") THEN '-0' ELSE CAST("x" AS VARCHAR) END, "n") * FROM "s")
SELECT * FROM "once";
