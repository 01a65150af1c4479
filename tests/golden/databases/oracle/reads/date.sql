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
("seen" <> TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS') OR "seen" IS NULL)
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
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
"seen" > TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
) AND (
"seen" <> TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
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
SELECT LTRIM(TO_CHAR(CAST(max("seen") AS TIMESTAMP(9)), 'SYYYY-MM-DD HH24:MI:SS.FF9')) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_DATE('2024-02-29 23:59:58', 'YYYY-MM-DD HH24:MI:SS')
);
-- rollback;
