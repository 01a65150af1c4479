SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('shop', 'SHOP');
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('_penstock_ledger');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = '_penstock_ledger' ORDER BY ordinal_position;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('_penstock_ledger');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = '_penstock_ledger' ORDER BY ordinal_position;
ALTER TABLE "shop"."_penstock_ledger" ADD "chunk" BIGINT;
ALTER TABLE "shop"."_penstock_ledger" ADD "epoch" BIGINT;
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders', 'ORDERS');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders', 'ORDERS');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position;
BEGIN;
SELECT CURRENT_TRANSACTION();
MERGE INTO "shop"."_penstock_ledger" held USING (SELECT 1 AS one) given ON held."job" = '' WHEN MATCHED THEN UPDATE SET "finished" = 1 WHEN NOT MATCHED THEN INSERT ("job", "output", "records", "finished", "written_at") VALUES ('', '', 0, 1, CURRENT_TIMESTAMP);
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT CURRENT_TRANSACTION();
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at", "chunk", "epoch") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 1, 0, CURRENT_TIMESTAMP, 1, 0);
REMOVE @~/penstock/0/;
PUT 'file:///staged/00000.csv.zst' @~/penstock/0/ SOURCE_COMPRESSION = ZSTD AUTO_COMPRESS = FALSE OVERWRITE = TRUE;
COPY INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") FROM (SELECT $1, $2, $3, TO_TIMESTAMP_TZ($4 || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM'), $5, PARSE_JSON($6) FROM @~/penstock/0/) FILE_FORMAT = (TYPE = CSV COMPRESSION = ZSTD FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE;
REMOVE @~/penstock/0/;
SELECT CURRENT_TRANSACTION();
COMMIT;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders', 'ORDERS');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position;
BEGIN;
SELECT CURRENT_TRANSACTION();
MERGE INTO "shop"."_penstock_ledger" held USING (SELECT 1 AS one) given ON held."job" = '' WHEN MATCHED THEN UPDATE SET "finished" = 1 WHEN NOT MATCHED THEN INSERT ("job", "output", "records", "finished", "written_at") VALUES ('', '', 0, 1, CURRENT_TIMESTAMP);
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT CURRENT_TRANSACTION();
UPDATE "shop"."_penstock_ledger" SET "records" = 2, "finished" = 1, "chunk" = 2, "epoch" = 0, "written_at" = CURRENT_TIMESTAMP WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't' AND "chunk" = 1 AND "epoch" = 0;
REMOVE @~/penstock/0/;
PUT 'file:///staged/00000.csv.zst' @~/penstock/0/ SOURCE_COMPRESSION = ZSTD AUTO_COMPRESS = FALSE OVERWRITE = TRUE;
COPY INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") FROM (SELECT $1, $2, $3, TO_TIMESTAMP_TZ($4 || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM'), $5, PARSE_JSON($6) FROM @~/penstock/0/) FILE_FORMAT = (TYPE = CSV COMPRESSION = ZSTD FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE;
REMOVE @~/penstock/0/;
SELECT CURRENT_TRANSACTION();
COMMIT;
