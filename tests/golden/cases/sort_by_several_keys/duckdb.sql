CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- by_b_n
WITH "several" AS NOT MATERIALIZED (SELECT * FROM shared_0)
SELECT * FROM "several" ORDER BY "b" ASC NULLS FIRST, xor("n", 0) DESC NULLS LAST;

-- by_d
WITH "rising" AS NOT MATERIALIZED (SELECT * FROM shared_0)
SELECT * FROM "rising" ORDER BY "d" + 0::DOUBLE ASC NULLS FIRST, ("d" = 0 AND signbit("d")) DESC NULLS FIRST;

-- by_d_desc
WITH "falling" AS NOT MATERIALIZED (SELECT * FROM shared_0)
SELECT * FROM "falling" ORDER BY "d" + 0::DOUBLE DESC NULLS LAST, ("d" = 0 AND signbit("d")) ASC NULLS LAST;

-- by_t
WITH "text" AS NOT MATERIALIZED (SELECT * FROM shared_0)
SELECT * FROM "text" ORDER BY CASE WHEN strlen("t") = length("t") THEN "t" ELSE ps_utf16_key("t") END ASC NULLS FIRST;
