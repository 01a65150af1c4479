SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = '_penstock_ledger'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = '_penstock_ledger' ORDER BY column_id;
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = '_penstock_ledger'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = '_penstock_ledger' ORDER BY column_id;
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = 'orders'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = 'orders' ORDER BY column_id;
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = 'orders'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = 'orders' ORDER BY column_id;
CREATE PRIVATE TEMPORARY TABLE ora$ptt_penstock_0 ON COMMIT PRESERVE DEFINITION AS SELECT "id" FROM "shop"."orders" WHERE 1 = 0;
-- commit;
CREATE PRIVATE TEMPORARY TABLE ora$ptt_penstock_0 ON COMMIT PRESERVE DEFINITION AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
-- commit;
DECLARE given VARCHAR2(200) := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID(TRUE); BEGIN NULL; END;;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at", "chunk", "epoch") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 1, 0, SYSTIMESTAMP, 1, 0);
LOCK TABLE "shop"."orders" IN EXCLUSIVE MODE;
-- sent as DB_TYPE_NUMBER;
INSERT INTO ora$ptt_penstock_0 ("id") VALUES (:1) -- [(1,), (2,)];
SELECT "id", count(*) FROM ora$ptt_penstock_0 WHERE "id" IS NOT NULL GROUP BY "id" HAVING count(*) > 1 FETCH FIRST 1 ROWS ONLY;
-- sent as DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_BINARY_DOUBLE, DB_TYPE_CLOB;
INSERT INTO ora$ptt_penstock_0 ("id", "name", "paid", "at", "total", "more") VALUES (:1, :2, :3, TO_TIMESTAMP_TZ(:4 || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'), :5, :6) -- [(1, "it's \\ 😀", 1, '2024-05-06 07:08:09.123000', 0.1, '{"a":[1]}')];
MERGE INTO "shop"."orders" there USING ora$ptt_penstock_0 given ON (there."id" = given."id") WHEN MATCHED THEN UPDATE SET there."name" = given."name", there."paid" = given."paid", there."at" = given."at", there."total" = given."total", there."more" = given."more";
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT "id", "name", "paid", "at", "total", "more" FROM ora$ptt_penstock_0 WHERE NOT EXISTS (SELECT 1 FROM "shop"."orders" there WHERE there."id" = ora$ptt_penstock_0."id");
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
-- commit;
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = '_penstock_ledger'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = '_penstock_ledger' ORDER BY column_id;
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = '_penstock_ledger'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = '_penstock_ledger' ORDER BY column_id;
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = 'orders'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = 'orders' ORDER BY column_id;
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = 'orders'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = 'orders' ORDER BY column_id;
CREATE PRIVATE TEMPORARY TABLE ora$ptt_penstock_0 ON COMMIT PRESERVE DEFINITION AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
-- commit;
DECLARE given VARCHAR2(200) := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID(TRUE); BEGIN NULL; END;;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
UPDATE "shop"."_penstock_ledger" SET "records" = 2, "finished" = 1, "chunk" = 2, "epoch" = 0, "written_at" = SYSTIMESTAMP WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't' AND "chunk" = 1 AND "epoch" = 0;
LOCK TABLE "shop"."orders" IN EXCLUSIVE MODE;
-- sent as DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_BINARY_DOUBLE, DB_TYPE_CLOB;
INSERT INTO ora$ptt_penstock_0 ("id", "name", "paid", "at", "total", "more") VALUES (:1, :2, :3, TO_TIMESTAMP_TZ(:4 || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'), :5, :6) -- [(2, '', None, None, None, None)];
MERGE INTO "shop"."orders" there USING ora$ptt_penstock_0 given ON (there."id" = given."id") WHEN MATCHED THEN UPDATE SET there."name" = given."name", there."paid" = given."paid", there."at" = given."at", there."total" = given."total", there."more" = given."more";
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT "id", "name", "paid", "at", "total", "more" FROM ora$ptt_penstock_0 WHERE NOT EXISTS (SELECT 1 FROM "shop"."orders" there WHERE there."id" = ora$ptt_penstock_0."id");
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
-- commit;
