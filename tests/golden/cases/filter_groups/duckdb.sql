-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"f" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE ((("n" >= (5)::INTEGER) OR (NOT (("ok" = true) OR ("n" IS NOT NULL)))) AND ("t" IS NOT NULL)))
SELECT * FROM "f";
