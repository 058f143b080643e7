/** Version of report.json. Raised when a reader of the old form would misread the new one; old forms stay readable. */
export const REPORT_SCHEMA_VERSION = 1;
