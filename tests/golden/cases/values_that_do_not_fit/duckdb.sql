-- nulls
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- kept
WITH "k" AS NOT MATERIALIZED (SELECT * FROM source('k'))
SELECT * FROM "k";
