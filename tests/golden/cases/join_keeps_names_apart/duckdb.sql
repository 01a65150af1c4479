-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."name" AS "left_name", r."name" AS "right_name", r."name" AS "again" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."id" = r."id") WHERE _found)
SELECT * FROM "j";
