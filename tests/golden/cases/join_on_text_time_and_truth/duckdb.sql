-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."v" AS "v", r."w" AS "w", r."at2" AS "at" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."t" = r."t2") AND ((l."at").t = (r."at2").t) AND (l."b" = r."b2") WHERE _found)
SELECT * FROM "j";
