CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- whole
WITH "all" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE random() < 1.0::DOUBLE)
SELECT * FROM "all";

-- nothing
WITH "none" AS NOT MATERIALIZED (SELECT "id" FROM (SELECT *, row_number() OVER () AS _n FROM shared_0) WHERE CAST(hash(_n, '7') >> 11 AS DOUBLE) < 0.0::DOUBLE)
SELECT * FROM "none";
