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
SELECT LTRIM(TO_CHAR(CAST(max("seen") AS TIMESTAMP(9)), 'SYYYY-MM-DD HH24:MI:SS.FF9')) FROM "shop"."orders" WHERE (
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
("seen" <> TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9') OR "seen" IS NULL)
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
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
SELECT LTRIM(TO_CHAR(CAST(max("seen") AS TIMESTAMP(9)), 'SYYYY-MM-DD HH24:MI:SS.FF9')) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
) AND (
"seen" <> TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
-- rollback;

-- with an overlap of 60
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
SELECT LTRIM(TO_CHAR(CAST(max("seen") AS TIMESTAMP(9)), 'SYYYY-MM-DD HH24:MI:SS.FF9')) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP('2024-02-29 23:59:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP('2024-02-29 23:58:59.123456700', 'YYYY-MM-DD HH24:MI:SS.FF9')
);
-- rollback;
