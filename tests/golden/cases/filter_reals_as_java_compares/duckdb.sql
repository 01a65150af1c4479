CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- lt
WITH "f_lt" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("a" < "b" OR ("a" = 0 AND "b" = 0 AND signbit("a") AND NOT signbit("b"))))
SELECT * FROM "f_lt";

-- eq
WITH "f_eq" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("a" = "b" AND NOT ("a" = 0 AND "b" = 0 AND signbit("a") AND NOT signbit("b")) AND NOT ("a" = 0 AND "b" = 0 AND signbit("b") AND NOT signbit("a"))))
SELECT * FROM "f_eq";

-- ge
WITH "f_ge" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("a" >= "b" AND NOT ("a" = 0 AND "b" = 0 AND signbit("a") AND NOT signbit("b"))))
SELECT * FROM "f_ge";

-- zero
WITH "f_zero" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE (NOT ("a" = 0 AND '0.0'::DOUBLE = 0 AND signbit("a")) AND "a" = '0.0'::DOUBLE))
SELECT * FROM "f_zero";
