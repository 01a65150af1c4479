CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- one
WITH "newest" AS NOT MATERIALIZED (SELECT * FROM shared_0 QUALIFY row_number() OVER (PARTITION BY "customer" ORDER BY ("at").t DESC NULLS LAST) <= 1)
SELECT * FROM "newest";

-- first_two
WITH "o" AS NOT MATERIALIZED (SELECT * FROM shared_0),
"two" AS NOT MATERIALIZED (SELECT * FROM "o" QUALIFY row_number() OVER (PARTITION BY "customer" ORDER BY CASE WHEN strlen("customer") = length("customer") THEN "customer" ELSE ps_utf16_key("customer") END ASC NULLS FIRST, "id" ASC NULLS FIRST) <= 2)
SELECT * FROM "two";
