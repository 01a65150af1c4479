-- push
WITH "accounts" AS NOT MATERIALIZED (SELECT * FROM source('accounts'))
SELECT * FROM "accounts";

-- new
WITH "contacts" AS NOT MATERIALIZED (SELECT * FROM source('contacts'))
SELECT * FROM "contacts";

-- sheet
WITH "plan" AS NOT MATERIALIZED (SELECT * FROM source('plan'))
SELECT * FROM "plan";

-- mail
WITH "orders" AS NOT MATERIALIZED (SELECT * FROM source('orders'))
SELECT * FROM "orders";

-- update
WITH "updated" AS NOT MATERIALIZED (SELECT * FROM source('updated'))
SELECT * FROM "updated";

-- delete
WITH "deleted" AS NOT MATERIALIZED (SELECT * FROM source('deleted'))
SELECT * FROM "deleted";

-- hard_delete
WITH "hard_deleted" AS NOT MATERIALIZED (SELECT * FROM source('hard_deleted'))
SELECT * FROM "hard_deleted";

-- rows_set_null
WITH "cells_set_null" AS NOT MATERIALIZED (SELECT * FROM source('cells_set_null'))
SELECT * FROM "cells_set_null";

-- rows_skip
WITH "cells_skip" AS NOT MATERIALIZED (SELECT * FROM source('cells_skip'))
SELECT * FROM "cells_skip";

-- tapped_set_null
WITH "tap_set_null" AS NOT MATERIALIZED (SELECT * FROM source('tap_set_null'))
SELECT * FROM "tap_set_null";

-- tapped_skip
WITH "tap_skip" AS NOT MATERIALIZED (SELECT * FROM source('tap_skip'))
SELECT * FROM "tap_skip";

-- tapped_fail
WITH "tap_fail" AS NOT MATERIALIZED (SELECT * FROM source('tap_fail'))
SELECT * FROM "tap_fail";
