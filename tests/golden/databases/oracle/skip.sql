SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = '_penstock_ledger'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = '_penstock_ledger' ORDER BY column_id;
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT object_type FROM all_objects WHERE owner = 'shop' AND object_name = 'orders'
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type;
SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = 'shop'
AND table_name = 'orders' ORDER BY column_id;
SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
CREATE PRIVATE TEMPORARY TABLE ora$ptt_penstock_0 ON COMMIT PRESERVE DEFINITION AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0 UNION ALL SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
-- commit;
DECLARE given VARCHAR2(200) := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID(TRUE); BEGIN NULL; END;;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, SYSTIMESTAMP);
-- sent as DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_BINARY_DOUBLE, DB_TYPE_CLOB;
INSERT INTO ora$ptt_penstock_0 ("id", "name", "paid", "at", "total", "more") VALUES (:1, :2, :3, TO_TIMESTAMP_TZ(:4 || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'), :5, :6) -- batcherrors [(1, "it's \\ 😀", 1, '2024-05-06 07:08:09.123000', 0.1, '{"a":[1]}'), (2, '', None, None, None, None)];
DELETE FROM ora$ptt_penstock_0;
-- sent as DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_NUMBER, DB_TYPE_VARCHAR, DB_TYPE_BINARY_DOUBLE, DB_TYPE_CLOB;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") VALUES (:1, :2, :3, TO_TIMESTAMP_TZ(:4 || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'), :5, :6) -- [(1, "it's \\ 😀", 1, '2024-05-06 07:08:09.123000', 0.1, '{"a":[1]}'), (2, '', None, None, None, None)];
SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual;
-- commit;
