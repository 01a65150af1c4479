CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- head
SELECT * FROM shared_0;

-- bare
SELECT * FROM shared_0;

-- lines
SELECT * FROM shared_0;

-- table
SELECT * FROM shared_0;
