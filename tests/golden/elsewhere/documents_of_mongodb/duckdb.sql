-- insert
WITH "people" AS NOT MATERIALIZED (SELECT * FROM source('people'))
SELECT * FROM "people";

-- change
WITH "all" AS NOT MATERIALIZED (SELECT * FROM source('all'))
SELECT * FROM "all";

-- upsert
WITH "strict" AS NOT MATERIALIZED (SELECT * FROM source('strict'))
SELECT * FROM "strict";

-- odd
WITH "upsert rejected" AS NOT MATERIALIZED (SELECT * FROM source('upsert rejected'))
SELECT * FROM "upsert rejected";
