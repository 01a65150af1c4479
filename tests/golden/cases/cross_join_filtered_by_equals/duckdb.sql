-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"f" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."j" AS "j", r."w" AS "w" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."k" = r."j") WHERE _found AND ((l."v" < r."w")) AND ((l."k" <> 'z')))
SELECT * FROM "f";
