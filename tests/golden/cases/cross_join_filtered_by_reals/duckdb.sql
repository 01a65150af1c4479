-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"f" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."b" AS "b" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."a" <= r."b") WHERE _found AND coalesce((l."a" < r."b" OR (l."a" = 0 AND r."b" = 0 AND signbit(l."a") AND NOT signbit(r."b"))), false))
SELECT * FROM "f";
