-- add
WITH "hits" AS NOT MATERIALIZED (SELECT * FROM source('hits'))
SELECT * FROM "hits";

-- make
WITH "counted" AS NOT MATERIALIZED (SELECT * FROM source('counted'))
SELECT * FROM "counted";

-- change
WITH "people" AS NOT MATERIALIZED (SELECT * FROM source('people'))
SELECT * FROM "people";

-- keep
WITH "to_keep" AS NOT MATERIALIZED (SELECT * FROM source('to_keep'))
SELECT * FROM "to_keep";

-- delete
WITH "to_delete" AS NOT MATERIALIZED (SELECT * FROM source('to_delete'))
SELECT * FROM "to_delete";
