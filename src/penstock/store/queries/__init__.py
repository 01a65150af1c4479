"""Every SELECT and guarded UPDATE: functions over an open unit of work that return rows or counts."""
