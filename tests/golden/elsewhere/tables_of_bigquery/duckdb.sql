-- add
WITH "hits" AS NOT MATERIALIZED (SELECT * FROM source('hits'))
SELECT * FROM "hits";

-- make
WITH "counted" AS NOT MATERIALIZED (SELECT * FROM source('counted'))
SELECT * FROM "counted";

-- change
WITH "people" AS NOT MATERIALIZED (SELECT * FROM source('people'))
SELECT * FROM "people";
