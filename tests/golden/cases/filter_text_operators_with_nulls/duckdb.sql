CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- eq
WITH "f_eq" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" = 'ab'))
SELECT * FROM "f_eq";

-- ne
WITH "f_ne" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" <> 'ab'))
SELECT * FROM "f_ne";

-- full
WITH "f_full" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE regexp_full_match("t", '[a-z]+'))
SELECT * FROM "f_full";

-- not_empty
WITH "f_not_empty" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" <> ''))
SELECT * FROM "f_not_empty";
