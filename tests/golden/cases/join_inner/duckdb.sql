-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."key" AS "key", l."left_value" AS "left_value", r."key" AS "right_key", r."right_value" AS "right_value" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."key" = r."key") WHERE _found)
SELECT * FROM "j";
