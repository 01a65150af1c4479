-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"f" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."low" AS "low", r."width" AS "width" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."a" >= r."low") AND (l."a" <= (r."low" + (CAST(r."width" AS DOUBLE)))) WHERE _found AND ((r."low" <= l."a" AND NOT (r."low" = 0 AND l."a" = 0 AND signbit(l."a") AND NOT signbit(r."low")))) AND ((l."a" <= (r."low" + (CAST(r."width" AS DOUBLE))) AND NOT (l."a" = 0 AND (r."low" + (CAST(r."width" AS DOUBLE))) = 0 AND signbit((r."low" + (CAST(r."width" AS DOUBLE)))) AND NOT signbit(l."a")))))
SELECT * FROM "f";
