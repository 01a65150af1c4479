-- the first time
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), max([seen]), 121) FROM [shop].[orders] WHERE (
id > 1
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
([seen] <> CONVERT(datetime, '2024-02-29 23:59:59.997', 121) OR [seen] IS NULL)
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- the next time
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), max([seen]), 121) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
) AND (
[seen] <> CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- with an overlap of 0.001
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), max([seen]), 121) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CONVERT(datetime, '2024-02-29 23:59:59.997', 121)
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CONVERT(datetime, '2024-02-29 23:59:59.993', 121)
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
