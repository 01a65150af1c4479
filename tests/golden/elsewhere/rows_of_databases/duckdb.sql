-- add
WITH "whole" AS NOT MATERIALIZED (SELECT * FROM source('whole'))
SELECT * FROM "whole";

-- empty_first
WITH "some" AS NOT MATERIALIZED (SELECT * FROM source('some'))
SELECT * FROM "some";

-- delete_first
WITH "asked" AS NOT MATERIALIZED (SELECT * FROM source('asked'))
SELECT * FROM "asked";

-- replace_rows
WITH "ranges" AS NOT MATERIALIZED (SELECT * FROM source('ranges'))
SELECT * FROM "ranges";

-- change_rows
WITH "plain" AS NOT MATERIALIZED (SELECT * FROM source('plain'))
SELECT * FROM "plain";

-- change_only
WITH "a" AS NOT MATERIALIZED (SELECT * FROM source('a'))
SELECT * FROM "a";

-- add_only
WITH "b" AS NOT MATERIALIZED (SELECT * FROM source('b')),
"add_only" AS NOT MATERIALIZED (SELECT * FROM "b")
SELECT * FROM "add_only" ORDER BY xor("id", 0) ASC NULLS FIRST;
