-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."b" AS "b" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (NOT (r."b" = 0 AND (CAST(l."a" AS FLOAT)) = 0 AND signbit(r."b")) AND r."b" = (CAST(l."a" AS FLOAT))) WHERE _found)
SELECT * FROM "j";
