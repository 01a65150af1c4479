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
SELECT LTRIM(TO_CHAR(SYS_EXTRACT_UTC(max("seen")), 'SYYYY-MM-DD HH24:MI:SS.FF9"+00:00"')) FROM "shop"."orders" WHERE (
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
("seen" <> TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM') OR "seen" IS NULL)
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
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
SELECT LTRIM(TO_CHAR(SYS_EXTRACT_UTC(max("seen")), 'SYYYY-MM-DD HH24:MI:SS.FF9"+00:00"')) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
) AND (
"seen" <> TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
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
SELECT LTRIM(TO_CHAR(SYS_EXTRACT_UTC(max("seen")), 'SYYYY-MM-DD HH24:MI:SS.FF9"+00:00"')) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP_TZ('2024-02-29 23:59:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > TO_TIMESTAMP_TZ('2024-02-29 23:58:59.123456700+00:00', 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')
);
-- rollback;
