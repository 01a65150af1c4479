-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"f" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."j" AS "j", r."w" AS "w" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON (l."k" = r."j") AND (l."v" < r."w") WHERE _found AND coalesce((l."k" <> 'z'), false))
SELECT * FROM "f";
