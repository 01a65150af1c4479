-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."a" AS "a", l."b" AS "b", l."v" AS "v", r."c" AS "c", r."d" AS "d", r."w" AS "w" FROM "l" AS l LEFT JOIN "r" AS r ON (l."a" = r."c") AND (l."b" = r."d"))
SELECT * FROM "j";
