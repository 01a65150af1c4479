CREATE TEMP TABLE shared_0 AS WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l'))
SELECT * FROM "l";

CREATE TEMP TABLE shared_1 AS WITH "r" AS NOT MATERIALIZED (SELECT * FROM source('r'))
SELECT * FROM "r";

-- inner
WITH "j_inner" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."k" AS "j", r."w" AS "w" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM shared_1) AS r ON (l."k" = r."k") WHERE _found)
SELECT * FROM "j_inner";

-- left
WITH "j_left" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."k" AS "j", r."w" AS "w" FROM shared_0 AS l LEFT JOIN shared_1 AS r ON (l."k" = r."k"))
SELECT * FROM "j_left";

-- right
WITH "j_right" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."k" AS "j", r."w" AS "w" FROM shared_0 AS l RIGHT JOIN shared_1 AS r ON (l."k" = r."k"))
SELECT * FROM "j_right";

-- full
WITH "j_full" AS NOT MATERIALIZED (SELECT l."k" AS "k", l."v" AS "v", r."k" AS "j", r."w" AS "w" FROM shared_0 AS l FULL JOIN shared_1 AS r ON (l."k" = r."k"))
SELECT * FROM "j_full";
