CREATE TEMP TABLE shared_0 AS WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l'))
SELECT * FROM "l";

CREATE TEMP TABLE shared_1 AS WITH "r" AS NOT MATERIALIZED (SELECT * FROM source('r'))
SELECT * FROM "r";

-- a
WITH "x" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."j" AS "j", r."w" AS "w" FROM shared_0 AS l FULL JOIN shared_1 AS r ON (l."k" = r."j"))
SELECT * FROM "x";

-- b
WITH "y" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."j" AS "j", r."w" AS "w" FROM shared_0 AS l LEFT JOIN shared_1 AS r ON (l."k" = r."j"))
SELECT * FROM "y";
