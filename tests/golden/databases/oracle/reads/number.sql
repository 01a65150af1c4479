-- the first time
SELECT * FROM (
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)
) WHERE 1 = 0;
SELECT * FROM (
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
)
) WHERE 1 = 0;
SET TRANSACTION READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
("seen" <> 99999999999999999999.0000000001 OR "seen" IS NULL)
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
-- rollback;

-- the next time
SELECT * FROM (
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)
) WHERE 1 = 0;
SELECT * FROM (
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
)
) WHERE 1 = 0;
SET TRANSACTION READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999999.0000000001
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999999.0000000001
) AND (
"seen" <> 99999999999999999999.0000000001
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
-- rollback;

-- with an overlap of 0.5
SELECT * FROM (
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)
) WHERE 1 = 0;
SELECT * FROM (
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
)
) WHERE 1 = 0;
SET TRANSACTION READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999999.0000000001
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999998.5000000001 OR "seen" = 99999999999999999999.0000000001
);
-- rollback;
