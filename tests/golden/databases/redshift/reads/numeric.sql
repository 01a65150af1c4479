-- the first time
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
("seen" <> 99999999999999999999.0000000001 OR "seen" IS NULL)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
ROLLBACK;

-- the next time
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
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
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999999.0000000001
) AND (
"seen" <> 99999999999999999999.0000000001
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = 99999999999999999999.0000000001
);
ROLLBACK;

-- with an overlap of 0.5
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
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
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > 99999999999999999998.5000000001 OR "seen" = 99999999999999999999.0000000001
);
ROLLBACK;
