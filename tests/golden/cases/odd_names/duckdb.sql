-- ../../etc/passwd 😀
WITH "Robert'); DROP TABLE ""orders"";--" AS NOT MATERIALIZED (SELECT * FROM source('Robert''); DROP TABLE "orders";--')),
"$(touch /tmp/x)" AS NOT MATERIALIZED (SELECT * FROM "Robert'); DROP TABLE ""orders"";--" WHERE ("a" > (0)::INTEGER)),
"$(TOUCH /tmp/x) 2" AS NOT MATERIALIZED (SELECT * FROM "$(touch /tmp/x)")
SELECT * FROM "$(TOUCH /tmp/x) 2" ORDER BY xor("a", 0) ASC NULLS FIRST;
