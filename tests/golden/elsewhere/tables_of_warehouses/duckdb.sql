-- r_add
WITH "r_add_rows" AS NOT MATERIALIZED (SELECT * FROM source('r_add_rows'))
SELECT * FROM "r_add_rows";

-- r_replace
WITH "r_replace_rows" AS NOT MATERIALIZED (SELECT * FROM source('r_replace_rows'))
SELECT * FROM "r_replace_rows";

-- r_empty
WITH "r_empty_rows" AS NOT MATERIALIZED (SELECT * FROM source('r_empty_rows'))
SELECT * FROM "r_empty_rows";

-- r_exchange
WITH "r_exchange_rows" AS NOT MATERIALIZED (SELECT * FROM source('r_exchange_rows'))
SELECT * FROM "r_exchange_rows";

-- r_change
WITH "r_change_rows" AS NOT MATERIALIZED (SELECT * FROM source('r_change_rows'))
SELECT * FROM "r_change_rows";

-- s_add
WITH "s_add_rows" AS NOT MATERIALIZED (SELECT * FROM source('s_add_rows'))
SELECT * FROM "s_add_rows";

-- s_replace
WITH "s_replace_rows" AS NOT MATERIALIZED (SELECT * FROM source('s_replace_rows'))
SELECT * FROM "s_replace_rows";

-- s_empty
WITH "s_empty_rows" AS NOT MATERIALIZED (SELECT * FROM source('s_empty_rows'))
SELECT * FROM "s_empty_rows";

-- s_exchange
WITH "s_exchange_rows" AS NOT MATERIALIZED (SELECT * FROM source('s_exchange_rows'))
SELECT * FROM "s_exchange_rows";

-- s_change
WITH "s_change_rows" AS NOT MATERIALIZED (SELECT * FROM source('s_change_rows'))
SELECT * FROM "s_change_rows";
