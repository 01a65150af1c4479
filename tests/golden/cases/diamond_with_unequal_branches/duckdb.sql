CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", "k" AS "k", CAST((((CAST("total" AS BIGINT) * (2)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) AS "total" FROM "s")
SELECT * FROM "p";

-- out
WITH "g" AS NOT MATERIALIZED (SELECT "k", CAST(((sum("total") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "whole" FROM shared_0 GROUP BY "k"),
"f" AS NOT MATERIALIZED (SELECT * FROM "g" WHERE ("whole" > (10)::BIGINT)),
"n" AS NOT MATERIALIZED (SELECT "k" AS "key", "whole" AS "whole" FROM "f"),
"j" AS NOT MATERIALIZED (SELECT l."id" AS "id", l."total" AS "total", r."whole" AS "whole" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM "n") AS r ON (l."k" = r."key") WHERE _found)
SELECT * FROM "j";
