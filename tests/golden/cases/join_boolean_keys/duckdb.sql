-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."a" AS "a", l."v" AS "v", r."b" AS "b" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."a" = r."b") WHERE _found)
SELECT * FROM "j";
