SELECT `finished` FROM `shop`.`_penstock_ledger` WHERE `job` = 'job-1 2026-01-02T03:04:05+00:00' AND `output` = 't';
-- penstock_0_0_1: PARQUET into shop._penstock_0;
SELECT COUNTIF((`more` IS NOT NULL AND SAFE.PARSE_JSON(`more`) IS NULL)), COUNTIF((`more` IS NOT NULL AND SAFE.PARSE_JSON(`more`) IS NULL)) FROM `shop`.`_penstock_0`;
DECLARE arrived, inserted, rows_before INT64 DEFAULT 0;
BEGIN TRANSACTION;
INSERT INTO `shop`.`_penstock_ledger` (`job`, `output`, `records`, `finished`, `written_at`) VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, CURRENT_TIMESTAMP());
BEGIN
EXECUTE IMMEDIATE 'DELETE FROM shop.orders WHERE id = 7';
EXCEPTION WHEN ERROR THEN
RAISE USING MESSAGE = CONCAT('\'pre_action_sql\' failed: ', @@error.message);
END;
INSERT INTO `shop`.`orders` (`id`, `name`, `paid`, `at`, `total`, `more`) SELECT `id`, `name`, `paid`, `at`, `total`, `more` FROM (SELECT `id` AS `id`, `name` AS `name`, `paid` AS `paid`, `at` AS `at`, `total` AS `total`, PARSE_JSON(`more`) AS `more` FROM `shop`.`_penstock_0`);
SET arrived = @@row_count;
SET inserted = arrived;
ASSERT arrived = 2 AS '2 records were staged, and another number arrived';
BEGIN
EXECUTE IMMEDIATE 'SELECT \'so\'';
EXCEPTION WHEN ERROR THEN
RAISE USING MESSAGE = CONCAT('\'post_action_sql\' failed: ', @@error.message);
END;
COMMIT TRANSACTION;
SELECT arrived, arrived - inserted, inserted, 0, 0;
