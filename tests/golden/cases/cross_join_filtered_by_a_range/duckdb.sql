-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"f" AS NOT MATERIALIZED (SELECT l."at" AS "at", l."e" AS "e", r."low" AS "low", r."high" AS "high", r."name" AS "name" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."at" >= r."low") AND (l."at" <= r."high") WHERE _found)
SELECT * FROM "f";
