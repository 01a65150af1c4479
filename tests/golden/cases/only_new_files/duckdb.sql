-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";
