SELECT `finished` FROM `shop`.`_penstock_ledger` WHERE `job` = 'job-1 2026-01-02T03:04:05+00:00' AND `output` = 't';
-- penstock_0_0_1: PARQUET into shop._penstock_0;
SELECT COUNTIF((`more` IS NOT NULL AND SAFE.PARSE_JSON(`more`) IS NULL)), COUNTIF((`more` IS NOT NULL AND SAFE.PARSE_JSON(`more`) IS NULL)) FROM `shop`.`_penstock_0`;
DECLARE arrived, inserted, rows_before INT64 DEFAULT 0;
CREATE OR REPLACE TABLE `shop`.`orders` (`id` INT64, `name` STRING, `paid` BOOL, `at` TIMESTAMP, `total` FLOAT64, `more` JSON) AS SELECT `id` AS `id`, `name` AS `name`, `paid` AS `paid`, `at` AS `at`, `total` AS `total`, PARSE_JSON(`more`) AS `more` FROM `shop`.`_penstock_0`;
INSERT INTO `shop`.`_penstock_ledger` (`job`, `output`, `records`, `finished`, `written_at`) VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, CURRENT_TIMESTAMP());
SELECT 2, 0, 2, 0, 0;
