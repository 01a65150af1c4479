-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"d" AS NOT MATERIALIZED (SELECT DISTINCT ON (ps_structure_key("m"), ps_structure_key("b")) * FROM "s"),
"a" AS NOT MATERIALIZED (SELECT count(*) AS "n" FROM "d")
SELECT * FROM "a";
